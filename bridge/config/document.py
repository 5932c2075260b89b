"""A config file as it was written: its tables, where each key stands, and what its references stand for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from bridge.channel.problems import Path
from bridge.config.positions import START, Positions
from bridge.config.problems import ConfigProblems, Findings, Located

REFERENCE = r"^(env|file):"
"""What a string that stands for something kept elsewhere starts with."""

_LONGEST = 65536  # bytes of a referenced file: a secret, not a disk


@dataclass(frozen=True, slots=True)
class Document:
    """`data` is the file's content with its references resolved. `referenced` are the paths whose value came from elsewhere
    and must not be repeated to anybody, `broken` those whose value could not be had: their problem is told already."""

    file: FilePath
    data: Mapping[str, Any]
    positions: Positions
    referenced: set[Path] = field(default_factory=set)
    broken: set[Path] = field(default_factory=set)

    def at(self, path: Path) -> Any:
        """The value at `path`; None where there is none."""
        value: Any = self.data
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def is_broken(self, path: Path) -> bool:
        """Is the value at `path`, or anything below it, one that could not be had?"""
        return any(b[: len(path)] == path for b in self.broken)


def read(file: FilePath, environ: Mapping[str, str], found: Findings) -> Document:
    """The document in `file`; references that lead nowhere are added to `found`. Raises `ConfigProblems` where it can't be
    read at all."""
    text = _text(file)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _unparsable(file, text, str(error)) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, arrays a thousand deep
        raise _whole(file, "a number too long, or a list too deep, to be read; right is a plain TOML file") from None
    document = Document(file, data, Positions.of(text, data))
    _resolve(document, (), document.data, environ, found)
    return document


def _text(file: FilePath) -> str:
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        raise _whole(file, "there is no such file; give the path of a config, as in --config trunkline.toml") from None
    except IsADirectoryError:
        raise _whole(file, "this is a directory; give the path of the config file in it") from None
    except (OSError, ValueError) as error:
        raise _whole(file, f"can't be read ({_why(error)}); give the path of a file that this user may read") from None
    try:
        return raw.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode().removeprefix("\ufeff").split("\n")
        raise _whole(file, "not UTF-8; save the file as UTF-8", len(before), len(before[-1]) + 1) from None


def _whole(file: FilePath, words: str, line: int = START[0], col: int = START[1]) -> ConfigProblems:
    return ConfigProblems(str(file), [Located(line, col, "(file)", words)])


def _unparsable(file: FilePath, text: str, message: str) -> ConfigProblems:
    """tomllib has the position in its words alone."""
    words, _, place = message.partition(" (at ")
    numbers = [int(n) for n in re.findall(r"\d+", place)]
    if len(numbers) != 2:  # "end of document": where the last thing written ends
        lines = text.rstrip().split("\n")
        numbers = [len(lines), len(lines[-1]) + 1]
    words = f"not TOML here: {words[:1].lower()}{words[1:]}"
    if "nvalid value" in words:
        words += "; text stands in quotes, numbers, true and false without"
    return _whole(file, words, numbers[0], numbers[1])


def _resolve(document: Document, path: Path, value: Any, environ: Mapping[str, str], found: Findings) -> None:
    """Puts in place of each reference below `path` what it stands for."""
    for key, inner in list(value.items()) if isinstance(value, dict) else list(enumerate(value)):
        here = (*path, key)
        if isinstance(inner, dict | list):
            _resolve(document, here, inner, environ, found)
        elif isinstance(inner, str) and re.match(REFERENCE, inner):
            document.referenced.add(here)
            try:
                value[key] = _referenced(inner, document.file.parent, environ)
            except LookupError as error:
                document.broken.add(here)
                found.add(here, str(error.args[0]))


def _referenced(reference: str, folder: FilePath, environ: Mapping[str, str]) -> str:
    """Raises `LookupError` with words; none of them is from the content."""
    kind, _, name = reference.partition(":")
    if not name:
        example = "env:TWILIO_AUTH_TOKEN" if kind == "env" else "file:secrets/auth_token"
        raise LookupError(f'nothing stands behind "{kind}:"; right is one like {example}')
    if kind == "file":
        return _content(folder / name)
    shown = name if name.isprintable() else "of that name"
    if name not in environ:
        raise LookupError(f"the environment variable {shown} is not set; set it before the start, or use file:PATH")
    if not environ[name]:
        raise LookupError(f"the environment variable {shown} is set but empty; give it a value")
    if not environ[name].isascii() and not _is_text(environ[name]):
        raise LookupError(f"the environment variable {shown} is not UTF-8; give it text")
    return environ[name]


def _content(file: FilePath) -> str:
    try:
        with file.open("rb") as stream:
            raw = stream.read(_LONGEST + 1)
        text = raw.decode()
    except FileNotFoundError:
        raise LookupError("there is no such file; relative paths count from the config file's directory") from None
    except IsADirectoryError:
        raise LookupError("this is a directory; give the path of the file in it") from None
    except UnicodeDecodeError:
        raise LookupError("the file is not UTF-8; it has to hold text") from None
    except (OSError, ValueError) as error:
        raise LookupError(f"the file can't be read ({_why(error)}); let this user read it") from None
    if len(raw) > _LONGEST:
        raise LookupError(f"the file is larger than {_LONGEST} bytes; it has to hold this one value alone")
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise LookupError("the file is empty; it has to hold the value")
    return text


def _is_text(value: str) -> bool:
    """The operating system's bytes that aren't UTF-8 come as lone surrogates."""
    return not any("\ud800" <= c <= "\udfff" for c in value)


def _why(error: OSError | ValueError) -> str:
    words = getattr(error, "strerror", None) or "no valid path"
    return words[:1].lower() + words[1:]
