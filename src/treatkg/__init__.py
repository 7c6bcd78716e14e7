"""TreatKG: an evidence-carrying treatment knowledge graph.

Example:
    >>> import treatkg
    >>> kg = treatkg.open()
    >>> rows = kg.query("drugs-blocking-cytokine", cytokine="IL-13")
"""

from treatkg.errors import TreatKGError
from treatkg.knowledge import Knowledge, open  # noqa: A004 (treatkg.open reads well)
from treatkg.results import Result

__version__ = "0.1.0"
__all__ = ["Knowledge", "Result", "TreatKGError", "__version__", "open"]
