"""What a file of MP3 says beside its music: everything that no decoder needs for the sound, and how it is framed."""

RATES_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
HEADER_BYTES = 4


def headers_of(data: bytes, rate_hz: int = 48_000) -> list[bytes]:
    """The head of every frame (layer III of MPEG 1), and first whatever lies before; a frame must end the file."""
    found, at = [], 0
    if data[:2] != b"\xff\xfb":
        at = data.find(b"\xff\xfb")
        found.append(data[:at])
    while at < len(data):
        head = data[at : at + HEADER_BYTES]
        assert head[:2] == b"\xff\xfb", f"no frame at {at} of {len(data)}"
        found.append(head)
        at += 144_000 * RATES_KBPS[head[2] >> 4] // rate_hz + (head[2] >> 1 & 1)
    assert at == len(data)
    return found
