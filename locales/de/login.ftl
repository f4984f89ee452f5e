# Die Anmeldeseiten.

to-continue-to = um mit { $app } fortzufahren
app-home = Über { $app }
app-policy = Datenschutz
app-terms = Nutzungsbedingungen
cancel-to-app = Abbrechen und zurück zu { $app }
back-to-sign-in = Zurück zur Anmeldung

sign-in-title = Anmelden
sign-in-submit = Anmelden
sign-in-forgot = Passwort vergessen?
sign-in-new = Neu hier?
sign-in-register = Konto anlegen
sign-in-again = Bitte melden Sie sich noch einmal an, damit wir wissen, dass Sie es sind.
error-sign-in = Dieser Name und das Passwort passen nicht zusammen. Prüfen Sie beides und versuchen Sie es noch einmal.
error-code-tries = Das waren zu viele falsche Codes. Legen Sie das Konto noch einmal an, um einen neuen zu bekommen.
error-suspended = Dieses Konto ist gesperrt. Wenden Sie sich an die Menschen, die diesen Dienst betreiben.

select-title = Konto auswählen
select-continue = Weiter als { $name }
select-other = Ein anderes Konto benutzen

register-title = Konto anlegen
register-submit = Konto anlegen
register-known = Sie haben schon ein Konto?
register-sign-in = Anmelden

verify-title = Sehen Sie in Ihre Mail
verify-sent = Wir haben einen Code an { $email } geschickt.
verify-hint = { $n ->
    [one] Er gilt { $n } Minute. Der Link in der Mail tut dasselbe.
   *[other] Er gilt { $n } Minuten. Der Link in der Mail tut dasselbe.
}
verify-submit = Bestätigen
verify-nothing = Nichts da? Sehen Sie in den Spam-Ordner, oder:
verify-resend = Neuen Code schicken
verify-other = Andere Adresse nehmen
verify-resent = Ein neuer Code ist unterwegs.
verify-link-title = Adresse bestätigen
verify-link-text = Gehört { $email } Ihnen?
verify-link-submit = Ja, bestätigen

new-password-title = Eigenes Passwort wählen
new-password-text = Das Passwort, mit dem Sie sich angemeldet haben, galt nur für einmal.
new-password-submit = Speichern und weiter

recover-title = Passwort vergessen?
recover-text = Sagen Sie uns, wer Sie sind, und wir schicken Ihnen einen Link für ein neues.
recover-submit = Link schicken
recover-sent-title = Sehen Sie in Ihre Mail
recover-sent-text = Wenn es zu { $identifier } hier ein Konto gibt, ist ein Link für ein neues Passwort unterwegs.
recover-sent-hint = { $n ->
    [one] Der Link gilt { $n } Minute.
   *[other] Der Link gilt { $n } Minuten.
}
recover-again = Noch einmal anfordern

reset-title = Neues Passwort wählen
reset-text = für { $identifier }
reset-submit = Passwort speichern
reset-effect = Mit dem Speichern werden Sie überall sonst abgemeldet.

consent-title = Mit dieser App teilen?
consent-heading = { $app } möchte Ihr Konto benutzen
consent-person = Sie sind als { $identifier } angemeldet.
consent-switch = Nicht Sie?
app-host = Diese App hat hier niemand geprüft. Wie sie heißt, sagt sie selbst; sicher ist nur, dass sie zu { $host } gehört.
consent-stranger = Diese App hat sich selbst registriert, und niemand hier hat sie geprüft. Ihre Antwort geht an { $host }.
consent-sees = Sie wird sehen
consent-no-value = noch nichts eingetragen
consent-later = Sobald dort etwas steht, sieht sie auch:
consent-sub = zeigt ihr auch nächstes Mal, dass Sie es sind
consent-api = In { $api } darf sie
consent-details-at = Das darf sie bei { $api }, so wie es hier steht.
consent-api-bare = in Ihrem Namen handeln; eine bestimmte Erlaubnis verlangt sie nicht
consent-offline = Verbunden bleiben
consent-offline-text = All das darf sie auch, während Sie weg sind, bis Sie es zurücknehmen.
consent-withdraw = Sie können das jederzeit in Ihrem Konto zurücknehmen.
consent-allow = Erlauben
consent-deny = Nicht erlauben

logout-title = Abmelden?
logout-text = Sie sind als { $name } angemeldet.
logout-text-app = { $app } möchte { $name } auch hier abmelden.
logout-stranger = Diese App hat sich selbst registriert, und niemand hier hat sie geprüft. Nach dem Abmelden geht es weiter zu { $host }.
logout-submit = Abmelden
logout-stay = Angemeldet bleiben
farewell-title = Sie werden abgemeldet
farewell-text = Sie werden bei den Apps abgemeldet, die Sie benutzt haben.

signed-out-title = Sie sind abgemeldet
signed-out-text = An einem gemeinsamen Computer schließen Sie auch den Browser.
signed-out-return = Zurück zu { $app }
signed-out-again = Wieder anmelden

device-title = Gerät verbinden
device-text = Geben Sie den Code ein, den Ihr Gerät anzeigt.
device-code = Code
device-code-hint = Acht Buchstaben. Großschreibung und Striche spielen keine Rolle.
device-qr = Oder scannen Sie das mit dem Telefon und machen Sie dort weiter.
device-qr-alt = QR-Code mit der Adresse dieser Seite
error-user-code-format = Ein Code hat acht Buchstaben, zum Beispiel WDJB-MJHT. Sehen Sie noch einmal auf das Gerät.
error-user-code = Mit diesem Code wartet kein Gerät. Vielleicht ist er zu alt: Lassen Sie sich vom Gerät einen neuen geben.
decide-title = Dieses Gerät verbinden?
decide-heading = { $app } auf einem anderen Gerät möchte Ihr Konto benutzen
decide-compare = Zeigt Ihr Gerät genau diesen Code?
decide-asked = Angefragt { $when }.
decide-asked-from = Angefragt { $when } von der Adresse { $address }.
decide-warning = Erlauben Sie das nur, wenn das Gerät vor Ihnen steht und Sie selbst damit angefangen haben. Hat Ihnen jemand den Code oder einen Link geschickt, dann nicht: Er käme in Ihr Konto.
decide-stranger = Diese App hat sich selbst registriert, und niemand hier hat sie geprüft.
decide-allow = Erlauben
decide-deny = Nicht erlauben
decided-allowed = Ihr Gerät ist verbunden
decided-allowed-text = Es macht gleich von selbst weiter. Sie können diese Seite schließen.
decided-denied = Das Gerät wurde nicht verbunden
decided-denied-text = Es bekommt nichts. Wenn Sie nicht selbst damit angefangen haben, wollte vielleicht jemand in Ihr Konto.
decided-account = Zu Ihrem Konto

approve-title = Bestätigen?
approve-heading = { $app } bittet um Ihre Bestätigung
approve-compare = Zeigt die App genau das?
approve-warning = Erlauben Sie das nur, wenn Sie die App gerade benutzen und mit der Frage gerechnet haben. Haben Sie nicht selbst damit angefangen, oder sagt Ihnen jemand am Telefon, Sie sollen es erlauben, dann nicht.
approved = Sie haben bestätigt
approved-text = Die App macht gleich von selbst weiter. Sie können diese Seite schließen.
not-approved = Sie haben abgelehnt
not-approved-text = Die App bekommt nichts. Wenn Sie nicht selbst damit angefangen haben, wollte vielleicht jemand in Ihr Konto.
