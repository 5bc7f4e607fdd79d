"""matrix.yaml as checked objects, and the plan that is made from them."""
