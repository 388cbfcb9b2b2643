"""Systems files of a test."""

from pathlib import Path

import pytest
import yaml

from arena.systems.backends.addresses import AddressPolicy
from arena.systems.systems_file import SystemsFile, SystemsFileInvalid, read_file


def read(folder: Path, *systems: dict, **keys: object) -> SystemsFile:
    path = folder / "systems.yaml"
    path.write_text(yaml.safe_dump({"arena": "text", **keys, "systems": list(systems)}), "utf-8")
    return read_file(path, AddressPolicy())


def problems(folder: Path, *systems: dict, **keys: object) -> str:
    with pytest.raises(SystemsFileInvalid) as caught:
        read(folder, *systems, **keys)
    return "\n".join(caught.value.problems)
