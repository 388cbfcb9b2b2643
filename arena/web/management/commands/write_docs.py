"""`manage.py write_docs`: docs/methods.md and docs/privacy.md from the texts of the pages."""

from django.core.management.base import BaseCommand

from arena.web.docs_files import docs_files


class Command(BaseCommand):
    """Write the files; a test holds them equal to the pages."""

    help = "Write docs/methods.md and docs/privacy.md from the texts of the pages."

    def handle(self, *_args: object, **_options: object) -> None:
        """Write each file."""
        for path, content in docs_files().items():
            path.write_text(content, "utf-8")
            self.stdout.write(str(path))
