"""matrix.yaml as checked objects: devices, frameworks, models, profiles."""
