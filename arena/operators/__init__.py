"""The operators' side: the admin site, its login and second factor, the audit, the status page."""
