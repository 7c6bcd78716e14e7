"""How the pages look: templates, with everything from the files escaped."""

from __future__ import annotations

import jinja2

from treatkg import __version__

_environment = jinja2.Environment(
    loader=jinja2.PackageLoader("treatkg.documentation"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, **values: object) -> bytes:
    """Return a page."""
    return _environment.get_template(template).render(version=__version__, **values).encode()
