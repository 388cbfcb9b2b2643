"""The addresses of the pages. Forms post here; scripts use the API."""

from django.urls import URLPattern, URLResolver, path

from arena.web.views import (
    arena,
    battle,
    boards,
    consent,
    history,
    home,
    language,
    leaderboard,
    media,
    pages,
    releases,
    value,
)

app_name = "web"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.page, name="home"),
    path("arenas", arena.index, name="arenas"),
    path("arenas/<slug:slug>", arena.page, name="arena"),
    path("arenas/<slug:slug>/battles", arena.start, name="start"),
    path("arenas/<slug:slug>/leaderboard", leaderboard.page, name="leaderboard"),
    path("arenas/<slug:slug>/leaderboard/history", boards.history, name="board_history"),
    path("arenas/<slug:slug>/leaderboard/matrix", boards.matrix, name="board_matrix"),
    path("arenas/<slug:slug>/leaderboard/value", value.page, name="board_value"),
    path("arenas/<slug:slug>/leaderboard/imported/<int:source_id>", boards.imported, name="board_imported"),
    path("arenas/<slug:slug>/transparency", boards.transparency, name="transparency"),
    path("leaderboards", leaderboard.index, name="leaderboards"),
    path("battles", history.page, name="battles"),
    path("battles/ratings", boards.own, name="own_ratings"),
    path("battles/<uuid:battle_id>", battle.page, name="battle"),
    path("battles/<uuid:battle_id>/turns", battle.turn, name="turn"),
    path("battles/<uuid:battle_id>/vote", battle.vote, name="vote"),
    path("battles/<uuid:battle_id>/stop", battle.stop, name="stop"),
    path("battles/<uuid:battle_id>/report", battle.report, name="report"),
    path("consent", consent.page, name="consent"),
    path("consent/forget", consent.forget, name="forget"),
    path("media/<str:token>", media.clip, name="clip"),
    path("releases", releases.index, name="releases"),
    path("releases/feed.atom", releases.feed, name="releases-feed"),
    path("releases/key.txt", releases.key, name="releases-key"),
    path("releases/<slug:slug>/<str:name>", releases.page, name="release"),
    path("releases/<slug:slug>/<str:name>/<str:path>", releases.file, name="release-file"),
    path("systems", pages.systems, name="systems"),
    path("about", pages.about, name="about"),
    path("methods", pages.methods, name="methods"),
    path("privacy", pages.privacy, name="privacy"),
    path("language", language.switch, name="language"),
    path("robots.txt", pages.robots, name="robots"),
]
