# Das eigene Konto.

account-title = Ihr Konto
account-nav = Konto
account-console = Konsole
account-sign-out = Abmelden
account-back = Ihr Konto
account-profile-saved = Ihr Profil ist gespeichert.
account-email-changed = Ihre neue E-Mail-Adresse ist bestätigt.
account-password-changed = Ihr Passwort ist geändert, und überall sonst sind Sie abgemeldet.
account-withdrawn = Die App hat keinen Zugriff auf Ihr Konto mehr.
account-session-ended = Dieser Browser ist abgemeldet.
account-sessions-ended = Überall sonst sind Sie abgemeldet.

safety-title = Wie sicher Ihr Konto ist
safety-good = Mit Ihrem Konto ist alles in Ordnung: Ihre Adresse ist bestätigt und Sie haben ein eigenes Passwort.
safety-no-password = Sie haben noch kein Passwort. Mit einem können Sie sich auch anmelden, wenn ein anderer Weg ausfällt.
safety-no-email = Ihre E-Mail-Adresse ist nicht bestätigt. Wenn Sie Ihr Passwort vergessen, könnten wir Ihnen nicht helfen.
safety-set-password = Passwort festlegen
safety-confirm-email = Adresse bestätigen

apps-title = Apps mit Zugriff
apps-text = Diesen Apps haben Sie erlaubt, Ihr Konto zu benutzen. Hier bleiben Sie angemeldet, wenn Sie den Zugriff wegnehmen.
apps-none = Keine App hat Zugriff auf Ihr Konto. Wenn Sie einer den Zugriff erlauben, steht sie hier.
apps-sees = Sieht:
apps-api = { $api }
apps-api-permission = { $permission } ({ $api })
apps-since = Erlaubt
apps-stays = auch während Sie weg sind
apps-withdraw = Wegnehmen

profile-title = Ihr Profil
profile-edit = Bearbeiten
profile-none = Noch ist nichts über Sie bekannt. Was Sie hier eintragen, können Apps von Ihnen erfragen.
profile-text = Apps sehen diese Werte nur, wenn Sie es erlauben.

profile-email = Ihre E-Mail-Adresse ist { $email }.
email-change = E-Mail ändern
email-add = E-Mail-Adresse hinzufügen
email-title = Ihre E-Mail-Adresse
email-current = Jetzt ist es { $email }
field-new-email = Neue E-Mail-Adresse
email-hint = Wir schicken einen Link dorthin. Wenn Sie ihn öffnen, ändert sich Ihre Adresse.
email-submit = Link schicken
email-sent-title = Sehen Sie in Ihre Mails
email-sent-text = Wir haben an { $email } geschrieben. Öffnen Sie den Link in dieser Mail in diesem Browser, dann gehört die Adresse zu Ihrem Konto.
email-sent-hint = { $n ->
    [one] Der Link gilt { $n } Minute. Bis dahin bleibt die alte Adresse.
   *[other] Der Link gilt { $n } Minuten. Bis dahin bleibt die alte Adresse.
}
email-again = Nichts angekommen? Noch einmal versuchen
email-verify-title = Diese Adresse benutzen?
email-verify-text = { $email } wird die Adresse Ihres Kontos. Nachrichten und Links für ein neues Passwort gehen von da an dorthin.
email-verify-submit = Diese Adresse benutzen
error-email-same = Das ist schon Ihre Adresse.

password-change = Passwort ändern
password-changed = Zuletzt geändert
password-none = Sie haben noch keines.
password-effect = Mit dem Speichern werden Sie überall sonst abgemeldet.

confirm-title = Sind Sie es?
confirm-console = Ihre Anmeldung liegt eine Weile zurück, und dieser Teil der Konsole kann viel verändern.
confirm-change = Für diese Änderung brauchen wir einen frischen Nachweis.
confirm-lost = Noch wurde nichts geändert. Sie kommen zurück auf die Seite; bitte füllen Sie sie noch einmal aus.
confirm-submit = Weiter

requests-title = Wartet auf Sie
requests-app = { $app } bittet um Ihre Bestätigung
requests-look = Ansehen
