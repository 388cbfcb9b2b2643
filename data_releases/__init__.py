"""Data releases: anonymised, verifiable by anyone, and ready to train routers.

Django-free: `schema`, `anonymise`, `pii`, `projection`, `certified`, `manifest`, `documents`, `source`, `verify`,
`formats` and the two commands. The rest needs the site.
"""
