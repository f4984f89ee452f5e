# Mails.

mail-footer = Gesendet von { $product }. Antworten an diese Adresse liest niemand.

mail-verify-subject = Bestätigen Sie Ihre E-Mail-Adresse
mail-verify-text = Jemand, wahrscheinlich Sie, legt bei { $product } ein Konto mit dieser Adresse an. Geben Sie diesen Code auf der Seite ein, die danach fragt, oder folgen Sie dem Link.
mail-verify-link = Adresse bestätigen
mail-verify-valid = { $n ->
    [one] Code und Link gelten { $n } Minute.
   *[other] Code und Link gelten { $n } Minuten.
}
mail-verify-not-you = Wenn Sie es nicht waren, tun Sie nichts: Ohne den Code gibt es kein Konto.

mail-known-subject = Sie haben schon ein Konto
mail-known-text = Jemand, wahrscheinlich Sie, wollte bei { $product } ein Konto mit dieser Adresse anlegen. Es gibt schon eines; melden Sie sich einfach an.
mail-known-link = Anmelden
mail-known-forgot = Wenn Sie das Passwort vergessen haben, hilft Ihnen die Anmeldeseite zu einem neuen.
mail-known-not-you = Wenn Sie es nicht waren, tun Sie nichts: Es hat sich nichts geändert.

mail-reset-subject = Wählen Sie ein neues Passwort
mail-reset-text = Jemand, wahrscheinlich Sie, hat bei { $product } für { $identifier } ein neues Passwort angefordert.
mail-reset-link = Neues Passwort wählen
mail-reset-valid = { $n ->
    [one] Der Link gilt einmal, { $n } Minute lang.
   *[other] Der Link gilt einmal, { $n } Minuten lang.
}
mail-reset-not-you = Wenn Sie es nicht waren, tun Sie nichts: Ihr Passwort bleibt, wie es ist.

mail-changed-subject = Ihr Passwort wurde geändert
mail-changed-text = Das Passwort von { $identifier } bei { $product } wurde eben geändert.
mail-changed-link = Das war ich nicht: neues Passwort wählen
mail-changed-not-you = Wenn Sie es waren, ist nichts zu tun.

mail-address-subject = Bestätigen Sie Ihre neue E-Mail-Adresse
mail-address-text = Jemand, wahrscheinlich Sie, möchte diese Adresse für ein Konto bei { $product } benutzen. Öffnen Sie den Link in dem Browser, in dem Sie angemeldet sind.
mail-address-link = Diese Adresse benutzen
mail-address-valid = { $n ->
    [one] Der Link gilt einmal, { $n } Minute lang.
   *[other] Der Link gilt einmal, { $n } Minuten lang.
}
mail-address-not-you = Wenn Sie es nicht waren, tun Sie nichts: Ohne Ihre Anmeldung ändert der Link nichts.

mail-in-use-subject = Diese Adresse gehört schon zu einem Konto
mail-in-use-text = Jemand, wahrscheinlich Sie, wollte diese Adresse für ein weiteres Konto bei { $product } benutzen. Sie gehört schon zu einem; melden Sie sich damit an.

mail-moved-subject = Ihre E-Mail-Adresse wurde geändert
mail-moved-text = Das Konto bei { $product } mit der Adresse { $identifier } hat jetzt eine andere Adresse. Nachrichten gehen von nun an dorthin.
mail-moved-link = Konto ansehen
mail-moved-not-you = Wenn Sie es nicht waren, melden Sie sich an, ändern Sie sofort Ihr Passwort und stellen Sie die Adresse wieder her. Können Sie sich nicht anmelden, wenden Sie sich an die Betreiber dieses Dienstes.

mail-approve-subject = Eine App bittet um Ihre Bestätigung
mail-approve-text = { $app } möchte Ihr Konto bei { $product } benutzen. Sehen Sie nach, worum es geht, und entscheiden Sie dort.
mail-approve-link = Ansehen
mail-approve-valid = { $n ->
    [one] Sie wartet { $n } Minute.
   *[other] Sie wartet { $n } Minuten.
}
mail-approve-not-you = Wenn Sie das nicht erwartet haben, tun Sie nichts oder lehnen Sie ab: Ohne Sie geschieht nichts.
