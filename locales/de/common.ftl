# Wörter, die jeder Flügel braucht.

languages = Sprache
field-optional = (freiwillig)
password-reveal = Passwort anzeigen
password-hint = Mindestens { $n } Zeichen. Ein paar Wörter ohne Zusammenhang sind gut.
field-identifier = E-Mail oder Benutzername
field-password = Passwort

when-now = gerade eben
when-minutes = { $n ->
    [one] vor { $n } Minute
   *[other] vor { $n } Minuten
}
when-hours = { $n ->
    [one] vor { $n } Stunde
   *[other] vor { $n } Stunden
}
when-days = { $n ->
    [one] vor { $n } Tag
   *[other] vor { $n } Tagen
}
when-in-minutes = { $n ->
    [one] in { $n } Minute
   *[other] in { $n } Minuten
}
when-in-hours = { $n ->
    [one] in { $n } Stunde
   *[other] in { $n } Stunden
}
when-in-days = { $n ->
    [one] in { $n } Tag
   *[other] in { $n } Tagen
}
