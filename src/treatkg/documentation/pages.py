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


def render(template: str, home: str, **values: object) -> bytes:
    """Return a page. `home` is the address of the application that it is a part of, empty for pages in a folder."""
    return _environment.get_template(template).render(version=__version__, home=home, **values).encode()
