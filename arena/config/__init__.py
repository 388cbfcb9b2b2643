"""Settings, URLs and entry points of the deployed site."""
