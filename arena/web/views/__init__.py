"""The pages: each view parses, authorises, calls a service or selector, and renders."""
