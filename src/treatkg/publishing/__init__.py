"""The graph in the formats that others read: one content, one registry of formats, one way to write files."""

from treatkg.publishing.content import Content
from treatkg.publishing.formats import FORMATS, Format, Output, export, export_all, find, single

__all__ = ["FORMATS", "Content", "Format", "Output", "export", "export_all", "find", "single"]
