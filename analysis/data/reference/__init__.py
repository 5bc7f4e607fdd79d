"""The figures of the study that this project repeats, as data: what its tables, figures and text say, value by value.

R. Hadidi et al., Characterizing the Deployment of Deep Neural Networks on Commercial Edge Devices, IISWC 2019,
doi:10.1109/IISWC47752.2019.9041955; its talk ("slides") and its published code, edgeBench. docs/reference.md describes
the tables, the columns and what the sources lack.
"""

from analysis.data.reference.contradictions import Sides, sides
from analysis.data.reference.derive import geometric_mean, overheads, speedups
from analysis.data.reference.loader import load, names
from analysis.data.reference.tables import TABLES

__all__ = ["TABLES", "Sides", "geometric_mean", "load", "names", "overheads", "sides", "speedups"]
