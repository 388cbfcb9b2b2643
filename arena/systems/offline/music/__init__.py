"""Music by small programs: composers that draw a score from the prompt and synthesizers that play it. Framework-free.

They are demo contenders: enough to hear two different clips that follow the prompt, on one core, within seconds. numpy
is all they need. A performer is a function `perform(request) -> AudioClip`.
"""
