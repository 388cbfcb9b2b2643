"""The shape of a long text: a title, a lead, and sections of paragraphs and lists."""

from dataclasses import dataclass
from typing import TypeAlias

#: A paragraph, or the entries of a list.
Block: TypeAlias = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One section. `slug` is its address within the page and never translated."""

    slug: str
    heading: str
    blocks: tuple[Block, ...]

    @property
    def parts(self) -> list[tuple[str, Block]]:
        """The blocks with their kind, for templates: ("paragraph", text) or ("list", entries)."""
        return [("paragraph" if isinstance(block, str) else "list", block) for block in self.blocks]


@dataclass(frozen=True, slots=True)
class Text:
    """A whole page of text in the active language."""

    title: str
    lead: str
    sections: tuple[Section, ...]


def _block(block: Block) -> str:
    return block if isinstance(block, str) else "\n".join(f"- {entry}" for entry in block)


def as_markdown(text: Text, note: str) -> str:
    """`text` as Markdown; `note` tells the reader of the file where it comes from."""
    parts = [f"# {text.title}", f"<!-- {note} -->", text.lead]
    for section in text.sections:
        parts += [f"## {section.heading}", *(_block(block) for block in section.blocks)]
    return "\n\n".join(parts) + "\n"
