"""What the server can do: a good answer, and twelve ways of misbehaving that a client can meet."""

import base64
import functools
import gzip
import io
import json
import math
import struct
import time
import wave
from collections.abc import Callable
from typing import Any

#: The longest that a behaviour keeps a connection busy.
HANG_S = 120
DRIP_S = 0.05
_RATE_HZ = 16_000


@functools.cache
def tone(seconds: float, pitch_hz: float = 330.0, gain: float = 0.4) -> bytes:
    """A WAV file with a tone that swells and fades twice a second, so that it is music rather than a test signal."""
    at = [2 * math.pi * n / _RATE_HZ for n in range(int(seconds * _RATE_HZ))]
    heights = [32767 * gain * (0.6 + 0.4 * math.sin(2 * t)) * math.sin(pitch_hz * t) for t in at]
    return wav(struct.pack(f"<{len(at)}h", *map(int, heights)))


def wav(frames: bytes) -> bytes:
    """16-bit mono frames as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(_RATE_HZ)
        writer.writeframes(frames)
    return file.getvalue()


def answer(audio: bytes, lyrics: str | None = None) -> bytes:
    """The reply of the protocol."""
    now = time.time()
    times = {"time_queued": now - 0.2, "time_started": now - 0.1, "time_completed": now}
    encoded = base64.b64encode(audio).decode()
    return json.dumps(
        {"audio_b64": encoded, "lyrics": lyrics, **times, "custom_timings": [["generate", now]], "git_hash": None}
    ).encode()


def good(handler: Any, asked: dict[str, Any]) -> None:
    """A tone as long as it was asked for, with the lyrics that it was given; checks what the protocol demands."""
    if not isinstance(asked.get("overall_prompt"), str) or not isinstance(asked.get("instrumental"), bool):
        return handler.say(422, b'{"detail": "overall_prompt and instrumental are required"}')
    if asked["instrumental"] and asked.get("lyrics") is not None:
        return handler.say(500, b'{"detail": "lyrics must be null for an instrumental"}')
    lyrics = None if asked["instrumental"] else asked.get("lyrics") or "words of my own"
    return handler.say(200, answer(tone(float(asked.get("duration") or 8)), lyrics))


def error_500(handler: Any, asked: dict[str, Any]) -> None:
    handler.say(500, b'{"detail": "CUDA out of memory"}')


def hangs(handler: Any, asked: dict[str, Any]) -> None:
    time.sleep(HANG_S)


def drips(handler: Any, asked: dict[str, Any]) -> None:
    """The body comes one byte at a time, slowly."""
    body = answer(tone(1))
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    for n in range(int(HANG_S / DRIP_S)):
        handler.wfile.write(body[n : n + 1])
        handler.wfile.flush()
        time.sleep(DRIP_S)


def breaks_off(handler: Any, asked: dict[str, Any]) -> None:
    """Half of the body, then the end of the connection."""
    body = answer(tone(2))
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.close_connection = True


def html(handler: Any, asked: dict[str, Any]) -> None:
    handler.say(200, b"<!doctype html><title>Bad gateway</title>", "text/html")


def no_json(handler: Any, asked: dict[str, Any]) -> None:
    handler.say(200, b'{"audio_b64": "AAAA", "lyr')


def no_audio(handler: Any, asked: dict[str, Any]) -> None:
    handler.say(200, json.dumps({"audio_b64": None, "lyrics": None}).encode())


def no_base64(handler: Any, asked: dict[str, Any]) -> None:
    handler.say(200, json.dumps({"audio_b64": "*** not base64 ***"}).encode())


def empty(handler: Any, asked: dict[str, Any]) -> None:
    handler.say(200, answer(b""))


def endless(handler: Any, asked: dict[str, Any]) -> None:
    """A body that never ends."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    handler.wfile.write(b'{"audio_b64": "')
    for _n in range(100_000):
        handler.wfile.write(b"QUFB" * 16_384)
    handler.close_connection = True


def unfolds(handler: Any, asked: dict[str, Any]) -> None:
    """A compressed body, though none was asked for: 20 MB in 90 kB, which a busy machine makes in good time too."""
    body = gzip.compress(b'{"audio_b64": "' + b"A" * 20_000_000, 1)
    handler.say(200, body, Content_Encoding="gzip")


def redirects(handler: Any, asked: dict[str, Any]) -> None:
    handler.say(307, b"", Location="http://169.254.169.254/latest/meta-data/")


def busy(handler: Any, asked: dict[str, Any]) -> None:
    handler.say(429, b'{"detail": "queue is full"}', Retry_After="1")


# Below: a good reply with a clip that nobody can judge. The backend passes it on; decoding refuses it.


def noise_as_mp3(handler: Any, asked: dict[str, Any]) -> None:
    """An ID3 header, then bytes that are no frames."""
    handler.say(200, answer(b"ID3\x04\x00\x00\x00\x00\x00\x00" + bytes(range(256)) * 200))


def silence(handler: Any, asked: dict[str, Any]) -> None:
    handler.say(200, answer(wav(b"\0\0" * _RATE_HZ * 10)))


def cut_off(handler: Any, asked: dict[str, Any]) -> None:
    """A WAV file whose header promises ten times what follows."""
    whole = tone(10)
    handler.say(200, answer(whole[: len(whole) // 10]))


def page_as_audio(handler: Any, asked: dict[str, Any]) -> None:
    handler.say(200, answer(b"<!doctype html><p>Sorry, no music today.</p>" * 50))


def lies_about_length(handler: Any, asked: dict[str, Any]) -> None:
    """A header that claims four gigabytes of sound."""
    claimed = bytearray(tone(1))
    claimed[4:8] = claimed[40:44] = b"\xff\xff\xff\xff"
    handler.say(200, answer(bytes(claimed)))


def sent_file(handler: Any, asked: dict[str, Any]) -> None:
    """What a link leads to."""
    handler.say(200, tone(2), "audio/wav")


def raw(handler: Any, asked: dict[str, Any]) -> None:
    """The clip as the body itself."""
    handler.say(200, tone(float(asked.get("seconds") or 2)), "audio/wav")


def linked(handler: Any, asked: dict[str, Any]) -> None:
    """A link to the clip: on this host, or wherever the request says (a client must not follow that)."""
    link = asked.get("link") or "/linked/files/clip.wav"
    handler.say(200, json.dumps({"data": [{"url": link}], "text": "la la"}).encode())


#: Seen by the backend. `unhealthy` never gets so far: its /health says 503.
AT_THE_WIRE: tuple[Callable[..., None], ...] = (
    *(error_500, hangs, drips, breaks_off, html, no_json, no_audio),
    *(no_base64, empty, endless, unfolds, redirects, busy),
)
#: Seen when the clip is decoded.
AT_THE_DECODER: tuple[Callable[..., None], ...] = (noise_as_mp3, silence, cut_off, page_as_audio, lies_about_length)
MISBEHAVIOURS = tuple(behaviour.__name__ for behaviour in (*AT_THE_WIRE, *AT_THE_DECODER))
BEHAVIOURS: dict[str, Callable[..., None]] = {
    "good": good,
    "raw": raw,
    "linked": linked,
    "file": sent_file,
    "unhealthy": good,
    **{behaviour.__name__: behaviour for behaviour in (*AT_THE_WIRE, *AT_THE_DECODER)},
}
