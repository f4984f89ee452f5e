# Die Anmeldeseiten.

to-continue-to = um mit { $app } fortzufahren
app-home = Über { $app }
app-policy = Datenschutz
app-terms = Nutzungsbedingungen
cancel-to-app = Abbrechen und zurück zu { $app }

sign-in-title = Anmelden
sign-in-submit = Anmelden
sign-in-forgot = Passwort vergessen?
sign-in-new = Neu hier?
sign-in-register = Konto anlegen
sign-in-again = Bitte melden Sie sich noch einmal an, damit wir wissen, dass Sie es sind.
error-sign-in = Diese E-Mail oder dieser Benutzername und das Passwort gehören nicht zusammen. Prüfen Sie beides und versuchen Sie es noch einmal.
error-required = Bitte füllen Sie dieses Feld aus.
error-email-format = Das sieht nicht nach einer E-Mail-Adresse aus. Prüfen Sie sie, zum Beispiel ada@example.com.
