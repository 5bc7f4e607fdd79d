"""Reports as pages that open anywhere."""
