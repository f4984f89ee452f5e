# Words that every wing uses.

languages = Language
field-optional = (optional)
password-reveal = Show password
password-hint = At least { $n } characters. A few unrelated words make a good one.
field-identifier = E-mail or username
field-password = Password

when-now = just now
when-minutes = { $n ->
    [one] { $n } minute ago
   *[other] { $n } minutes ago
}
when-hours = { $n ->
    [one] { $n } hour ago
   *[other] { $n } hours ago
}
when-days = { $n ->
    [one] { $n } day ago
   *[other] { $n } days ago
}
when-in-minutes = { $n ->
    [one] in { $n } minute
   *[other] in { $n } minutes
}
when-in-hours = { $n ->
    [one] in { $n } hour
   *[other] in { $n } hours
}
when-in-days = { $n ->
    [one] in { $n } day
   *[other] in { $n } days
}
