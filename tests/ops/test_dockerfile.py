import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")


def test_everything_that_is_copied_exists_and_is_sent_to_the_builder():
    allowed = {
        line[1:].rstrip("/") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }
    for line in re.findall(r"^COPY (?!--from)(.*)$", TEXT, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert source.split("/")[0].rstrip("/") in allowed, source


def test_what_later_stages_take_was_made_by_earlier_ones():
    stages = re.findall(r"^FROM \S+ AS (\w+)$", TEXT, re.MULTILINE)
    assert set(re.findall(r"^COPY --from=(\w+)", TEXT, re.MULTILINE)) == set(stages)


def test_every_install_is_pinned_by_hash():
    installs = re.findall(r"(?:pip install|pip sync)[^&]*", TEXT)
    assert len(installs) == 2
    assert all("--require-hashes" in line for line in installs)
    assert "npm ci" in TEXT
    assert "npm install" not in TEXT


def test_the_image_runs_as_an_ordinary_user_and_can_say_how_it_is():
    last = TEXT.rpartition("\nFROM ")[2]
    user = re.search(r"^USER (\d+)$", last, re.MULTILINE)
    assert int(user[1]) > 0
    assert re.search(r"^HEALTHCHECK .*ops\.healthcheck", last, re.MULTILINE)


def test_no_secret_stays_in_the_image():
    assert not re.search(r"^(ENV|ARG) .*(KEY|PASSWORD|SECRET|TOKEN)", TEXT, re.MULTILINE)


def test_the_commands_named_exist():
    for module in re.findall(r"ops\.(\w+)", TEXT):
        assert (ROOT / "ops" / f"{module}.py").exists()
    assert (ROOT / "frontend" / "package.json").exists()
