"""Routing policies: how one system is picked for a prompt. Pure; who trains them is `data_releases.routers`."""
