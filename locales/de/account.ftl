# Das eigene Konto.

account-title = Ihr Konto
account-nav = Konto
account-console = Konsole
account-sign-out = Abmelden
account-back = Ihr Konto
account-profile-saved = Ihr Profil ist gespeichert.

safety-title = Wie sicher Ihr Konto ist
safety-good = Mit Ihrem Konto ist alles in Ordnung: Ihre Adresse ist bestätigt und Sie haben ein eigenes Passwort.
safety-no-password = Sie haben noch kein Passwort. Mit einem können Sie sich auch anmelden, wenn ein anderer Weg ausfällt.
safety-no-email = Ihre E-Mail-Adresse ist nicht bestätigt. Wenn Sie Ihr Passwort vergessen, könnten wir Ihnen nicht helfen.
safety-set-password = Passwort festlegen

apps-title = Apps mit Zugriff
apps-text = Diesen Apps haben Sie erlaubt, Ihr Konto zu benutzen. Hier bleiben Sie angemeldet, wenn Sie den Zugriff wegnehmen.
apps-none = Keine App hat Zugriff auf Ihr Konto. Wenn Sie einer den Zugriff erlauben, steht sie hier.
apps-sees = Sieht:
apps-since = Erlaubt
apps-stays = auch während Sie weg sind
apps-withdraw = Wegnehmen

profile-title = Ihr Profil
profile-edit = Bearbeiten
profile-none = Noch ist nichts über Sie bekannt. Was Sie hier eintragen, können Apps von Ihnen erfragen.
profile-text = Apps sehen diese Werte nur, wenn Sie es erlauben.

password-change = Passwort ändern
password-changed = Zuletzt geändert
password-none = Sie haben noch keines.
password-effect = Mit dem Speichern werden Sie überall sonst abgemeldet.

confirm-title = Sind Sie es?
confirm-console = Die Konsole braucht einen frischen Nachweis.
confirm-change = Für diese Änderung brauchen wir einen frischen Nachweis.
confirm-submit = Weiter
