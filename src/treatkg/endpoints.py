"""The public SPARQL endpoints that may be asked: `ontology/endpoints.yaml` and the texts in `ontology/endpoints/`."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from treatkg import namespaces, resources, sparql_text
from treatkg.errors import BadInputError, StorageError, UsageError, did_you_mean

FILE = resources.ONTOLOGY / "endpoints.yaml"
_ENDPOINT_KEYS = {"url", "about", "interval", "questions"}
_QUESTION_KEYS = {"prefix", "term", "text"}


@dataclass(frozen=True)
class Question:
    """What an endpoint is asked of the identifiers of a prefix; `term` is how it writes one, {} the local part."""

    name: str
    prefix: str
    term: str
    text: str


@dataclass(frozen=True)
class Endpoint:
    """A SPARQL endpoint; `interval` is in seconds. `chosen` says that the user named its address."""

    name: str
    url: str
    about: str
    interval: float
    questions: tuple[Question, ...]
    chosen: bool = False


def load(file: Path = FILE) -> dict[str, Endpoint]:
    """Return the endpoints by name.

    Raises:
        BadInputError: the file, or a text that it names, is not as it should be.
    """
    content: Any = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    found = {}
    for name, spec in content.items():
        _check_keys(f"{file}: {name}", spec, _ENDPOINT_KEYS)
        if not is_web_address(spec["url"]):
            raise BadInputError(f"{file}: {name}: the url begins with http:// or https://")
        questions = tuple(_question(file, name, *item) for item in spec.get("questions", {}).items())
        found[name] = Endpoint(name, spec["url"], spec["about"], float(spec["interval"]), questions)
    return found


def choose(given: Iterable[str], known: Mapping[str, Endpoint] | None = None) -> dict[str, Endpoint]:
    """Return the endpoints with the addresses that the user gives as NAME=URL in the place of their own.

    Raises:
        UsageError: unknown name, or no address.
    """
    endpoints = dict(load() if known is None else known)
    for pair in given:
        name, equals, url = pair.partition("=")
        if not equals or not is_web_address(url):
            raise UsageError(f'"{pair}" is not NAME=URL with an address that begins with http:// or https://')
        if name not in endpoints:
            raise UsageError(f'no endpoint "{name}"{did_you_mean(name, endpoints)} ({", ".join(endpoints)})')
        endpoints[name] = replace(endpoints[name], url=url, interval=0.0, chosen=True)
    return endpoints


def is_web_address(url: str) -> bool:
    """Say whether this is an http or https address with a host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def check_address(endpoint: Endpoint) -> None:
    """Refuse an endpoint in a private network, unless the user named its address.

    A name is looked up here and again by the request: this guards against a slip, not against who controls the name.

    Raises:
        StorageError: the host is unknown or not public.
    """
    if endpoint.chosen:
        return
    parts = urlsplit(endpoint.url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise StorageError(f"{endpoint.url}: the host is not known ({error})") from error
    for *_, address in found:
        if not ipaddress.ip_address(address[0]).is_global:
            raise StorageError(
                f"{endpoint.url} is {address[0]}, which is not public; to ask it, name it: "
                f"--endpoint {endpoint.name}={endpoint.url}"
            )


def _question(file: Path, endpoint: str, name: str, spec: dict[str, str]) -> Question:
    where = f"{file}: {endpoint}: {name}"
    _check_keys(where, spec, _QUESTION_KEYS)
    prefix = spec["prefix"]
    if prefix not in namespaces.identifier_patterns():
        raise BadInputError(f'{where}: unknown prefix "{prefix}"{did_you_mean(prefix, namespaces.prefixes())}')
    text_file = file.parent / "endpoints" / f"{spec.get('text', f'{endpoint}-{name}')}.rq"
    try:
        text = text_file.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInputError(f"{where}: {text_file} cannot be read ({error.strerror})") from error
    if "id" not in sparql_text.parameter_blocks(text):
        raise BadInputError(f"{text_file}: no `VALUES ?id {{ ... }}` for the identifiers")
    return Question(name, prefix, spec["term"], text)


def _check_keys(where: str, spec: Any, known: set[str]) -> None:  # noqa: ANN401 (YAML)
    if not isinstance(spec, dict):
        raise BadInputError(f"{where}: expected keys and values")
    for key in spec:
        if key not in known:
            raise BadInputError(f'{where}: unknown key "{key}"{did_you_mean(str(key), known)}')
    for key in known - {"text", "questions"}:
        if key not in spec:
            raise BadInputError(f'{where}: the key "{key}" is missing')
