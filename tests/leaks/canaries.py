"""Strings that occur nowhere else: what is planted can be looked for."""

import secrets
from dataclasses import dataclass, field


@dataclass
class Canaries:
    """All planted strings; `found_in(data)` lists those that show up."""

    planted: list[str] = field(default_factory=list)

    def plant(self, what: str) -> str:
        """A new one, named after what it stands for."""
        self.planted.append(f"zqx{what}{secrets.token_hex(3)}")
        return self.planted[-1]

    def found_in(self, data: bytes) -> list[str]:
        """Those that show up in `data`."""
        return [canary for canary in self.planted if canary.encode() in data]
