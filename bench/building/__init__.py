"""Building images, and what there is of them on this machine."""
