# Die Konsole.

console-nav = Konsole
nav-overview = Überblick
nav-users = Benutzer
nav-apps = Apps
nav-apis = APIs
nav-keys = Schlüssel
nav-audit = Protokoll
field-roles = Rollen
field-status = Zustand
field-kind = Art
field-custom-data = Eigene Daten
field-custom-data-help = Ein eigenes JSON-Objekt; Apps sehen es nur über eigene Claims.
status-active = aktiv
status-suspended = gesperrt
status-disabled = abgeschaltet
once = Das steht nur jetzt hier. Bewahren Sie es sicher auf, bevor Sie weitergehen.
delete-name = { $name } löschen

done-saved = Gespeichert.
done-user-suspended = Der Benutzer ist gesperrt; alle Sitzungen sind beendet.
done-user-restored = Der Benutzer kann sich wieder anmelden.
done-user-deleted = Der Benutzer ist gelöscht.
done-session-ended = Die Sitzung ist beendet.
done-sessions-ended = Alle Sitzungen sind beendet.
done-app-disabled = Die App ist abgeschaltet.
done-app-enabled = Die App ist eingeschaltet.
done-secret-ended = Das Geheimnis endet wie angegeben.
done-app-deleted = Die App ist gelöscht.
done-key-rotated = Der Nachfolger dieses Schlüssels ist da; er übernimmt, sobald alle ihn kennen können.

figure-users = Benutzer
figure-apps = Apps
figure-sessions = Anmeldungen in 24 Stunden
figure-failures = Fehlgeschlagene Anmeldungen in 24 Stunden
attention-title = Braucht Aufmerksamkeit
attention-none = Alles in Ordnung. Nichts braucht Ihre Aufmerksamkeit.
attention-mail-files = Mails werden in Dateien im Datenordner geschrieben und an niemanden gesendet. Setzen Sie SIGNET_SMTP_URL, um sie zu senden.
attention-insecure-issuer = Der Aussteller { $issuer } benutzt kein https. Das geht nur auf diesem Rechner.
attention-mail-failed = { $n ->
    [one] { $n } Mail konnte nicht zugestellt werden.
   *[other] { $n } Mails konnten nicht zugestellt werden.
}
attention-no-app = Noch ist keine App registriert, also kann sich niemand irgendwo anmelden.
overview-lately = Was zuletzt geschah
overview-all = Alles ansehen

users-new = Benutzer anlegen
users-search = Beginnt mit: Name, E-Mail, Benutzername
users-last = Letzte Anmeldung
users-since = Hier seit
users-empty-title = Noch keine Benutzer
users-empty-text = Benutzer sind die Menschen, die sich bei Ihren Apps anmelden. Sie registrieren sich selbst, oder Sie legen sie an.
users-none-title = Niemand beginnt mit „{ $q }“
users-none-text = Die Suche sieht auf den Anfang von Name, E-Mail-Adresse und Benutzername.
users-all = Alle zeigen
users-new-text = Ein Benutzername oder eine E-Mail-Adresse genügt. Sie bekommen ein Einmalpasswort zum Weitergeben; die Person ersetzt es bei der ersten Anmeldung.
users-create = Benutzer anlegen
verified-help = Sie stehen dafür ein; Apps erfahren es so.
tabs = Teile dieser Seite
tab-profile = Profil
tab-access = Zugang
tab-sources = Herkunft
tab-history = Verlauf
tab-danger = Gefahrenbereich
role-admin-help = Darf hier und in der Verwaltungs-API alles.
password-set = Gesetzt
password-one-time = Ein Einmalpasswort wartet darauf, ersetzt zu werden
password-unset = Keines; Anmeldung damit nicht möglich
user-one-time = Einmalpasswort erzeugen
user-sessions = Sitzungen
user-sessions-none = Nirgends angemeldet.
user-end-all = { $n ->
    [one] { $n } Sitzung beenden
   *[other] Alle { $n } Sitzungen beenden
}
user-apps-none = Keine App hat Zugriff.
session-device = Gerät
session-address = Adresse
session-started = Begonnen
session-seen = Zuletzt benutzt
sources-text = Jeder Wert ist eine Aussage von jemandem. Das hier sind die, die jetzt gelten.
sources-none = Über diese Person hat noch niemand etwas ausgesagt.
source-value = Claim
source-says = Wert
source-who = Quelle
source-when = Gesagt
source-withdrawn = zurückgezogen
user-self = Das ist Ihr eigenes Konto. Eine andere Administratorin kann es sperren oder löschen.
user-suspend-text = Wer gesperrt ist, kann sich nicht anmelden; Sitzungen enden und Token werden nicht mehr erneuert. Es lässt sich rückgängig machen.
user-suspend = { $n ->
    [0] { $name } sperren
    [one] { $n } Sitzung beenden und { $name } sperren
   *[other] { $n } Sitzungen beenden und { $name } sperren
}
user-restore-text = Diese Person kann sich jetzt nicht anmelden.
user-restore = { $name } wieder zulassen
user-delete-hint = Löschen entfernt die Person und alles, was über sie bekannt ist. Es lässt sich nicht rückgängig machen.
user-delete-open = Löschen …
user-delete-title = { $name } löschen?
user-delete-text = { $n ->
    [0] Das Profil mit seinem Verlauf und jeder Zugriff von Apps werden endgültig entfernt.
    [one] Das Profil mit seinem Verlauf und jeder Zugriff von Apps werden endgültig entfernt, und { $n } Sitzung endet.
   *[other] Das Profil mit seinem Verlauf und jeder Zugriff von Apps werden endgültig entfernt, und { $n } Sitzungen enden.
}
user-made = { $name } ist angelegt
user-password-title = Einmalpasswort
user-password-text = Geben Sie { $name } diese beiden. Bei der ersten Anmeldung tritt ein eigenes Passwort an die Stelle.
error-json = Das ist kein JSON-Objekt. Prüfen Sie Klammern, Kommas und Anführungszeichen.
error-email-taken = Diese Adresse gehört bestätigt jemand anderem. Nehmen Sie eine andere.
error-last-administrator = Das ist die letzte Person mit der Rolle admin. Geben Sie die Rolle erst jemand anderem.
error-no-identifier = Geben Sie einen Benutzernamen oder eine E-Mail-Adresse an, damit die Person sich anmelden kann.

apps-new = App registrieren
apps-create = App registrieren
apps-registered = Registriert
apps-empty-title = Noch keine Apps
apps-empty-text = Eine App ist, woran sich Menschen über diesen Server anmelden. Registrieren Sie eine und verbinden Sie sie in ein paar Minuten.
app-kind-question = Was ist es?
kind-web = Web-App
kind-web-help = Läuft auf einem Server, der ein Geheimnis bewahrt.
kind-single-page = Single-Page-App
kind-single-page-help = Läuft im Browser, ohne Geheimnis.
kind-native = Native App
kind-native-help = Läuft auf Telefon oder Rechner, ohne Geheimnis.
kind-machine = Maschine
kind-machine-help = Arbeitet für sich; niemand meldet sich an.
app-name-help = Menschen sehen ihn beim Anmelden.
app-redirect-uris = Redirect-URIs
app-redirect-uris-help = Wohin Menschen nach dem Anmelden zurückkommen; eine je Zeile, genau verglichen.
app-logout-uris = Redirect-URIs nach dem Abmelden
app-logout-uris-help = Wohin sie nach dem Abmelden dürfen; eine je Zeile.
app-consent = Menschen fragen, bevor sie etwas sieht
app-consent-help = Bei eigenen Apps kann das aus bleiben.
error-redirect-uri = Eine davon lässt sich nicht registrieren. Jede ist eine ganze Adresse ohne #, mit https außer auf diesem Rechner.
error-https = Geben Sie eine ganze Adresse an, die mit https:// beginnt; http:// nur für localhost.
error-repeated = Hier steht etwas doppelt. Lassen Sie eines davon weg.
error-public-credentials = Eine App ohne Geheimnis kann client_credentials nicht nutzen. Wählen Sie, wie sie sich ausweist.
error-refresh-without-code = refresh_token braucht authorization_code.
error-needs-grant = braucht den Grant Type { $grant }
error-keys = Die App braucht eigene Schlüssel: Geben Sie die Adresse ihres JWKS an, und nur die.
registration-title = Apps, die sich selbst registrieren
registration-off = Nur Verwalterinnen und Verwalter registrieren Apps, hier oder mit Ressourcendateien.
registration-token = Programme registrieren eine App, wenn sie ein Registrierungstoken mitbringen. signet registration-token new erzeugt eins.
registration-open = Jedes Programm darf eine App registrieren, wie es Apps für MCP-Server erwarten. Menschen werden immer gefragt, bevor sie etwas sieht.
registration-any = Beliebig
registration-per-address = Von einer Adresse
registration-an-hour = { $n } je Stunde
registration-most = Insgesamt
registration-in-all = Höchstens { $n }
registration-unused = Unbenutzte
registration-unused-days = { $n ->
    [one] Nach einem Tag gelöscht
   *[other] Nach { $n } Tagen gelöscht
}
registration-secret = Geheimnisse
registration-secret-ever = Enden nie
registration-secret-days = { $n ->
    [one] Enden nach einem Tag; ein altes gilt noch { $hours } Stunden neben dem nächsten
   *[other] Enden nach { $n } Tagen; ein altes gilt noch { $hours } Stunden neben dem nächsten
}
registration-where = Steht in config/signet.toml unter [registration] oder als SIGNET_REGISTRATION__… in der Umgebung; gilt ab dem nächsten Start.
app-made = { $name } ist registriert
app-secret-title = Zugangsdaten von { $name }
app-credentials = Zugangsdaten
app-settings = Einstellungen für Ihre App
app-settings-text = Mehr brauchen die meisten OpenID-Connect-Bibliotheken nicht.
app-discovery = Alles andere steht in
app-changed = Geändert
app-origin = Diese App stammt aus { $file }. Was Sie hier ändern, überschreibt das nächste signet apply.
app-new-secret = Geheimnis erzeugen
app-secrets = Geheimnisse
app-secrets-none = Sie hat keins: Nichts lässt sie herein.
app-secret-more = Ein weiteres Geheimnis
app-secret-more-text = Es wird einmal gezeigt. Die anderen gelten so lange weiter, wie Sie hier sagen, damit die App umziehen kann.
secret-unnamed = Aus einer Datei
secret-expired = Abgelaufen
secret-ends = Endet
secret-made = Erzeugt
secret-used = zuletzt benutzt
secret-unused = noch nicht benutzt
secret-end = Beenden
secret-end-when = Wann es endet
secret-at-once = Sofort
secret-in-days = { $n ->
    [one] In einem Tag
   *[other] In { $n } Tagen
}
secret-for-ever = Nie
secret-label = Name
secret-lasts = Es endet
secret-others = Die anderen enden
secret-others-stay = Wie bisher
error-sector = Das Dokument unter der sector_identifier_uri der App nennt nicht alle diese Adressen. Tragen Sie sie erst dort ein.
error-sector-fetch = Die Liste unter der sector_identifier_uri der App ist gerade nicht abrufbar. Versuchen Sie es wieder, wenn sie da ist.
error-secrets-many = Eine App hat höchstens 5 Geheimnisse zugleich. Beenden Sie erst eins.
error-secret-last = Es ist das einzige Geheimnis, das die App hereinlässt. Erzeugen Sie erst ein weiteres, oder schalten Sie die App aus.
error-secret-gone = Dieses Geheimnis gibt es nicht mehr.
app-part-sign-in = Anmelden
app-part-looks = Was Menschen sehen
app-part-tokens = Token und Schlüssel
app-grant-types = Grant Types
grant-authorization-code = Menschen melden sich bei ihr an.
grant-refresh-token = Sie erneuert ihren Zugriff selbst.
grant-client-credentials = Sie arbeitet für sich, ohne Person.
grant-implicit = Sie bekommt Token im Browser, ohne Code.
grant-device-code = Menschen melden sich auf einem anderen Gerät an, mit einem Code.
grant-token-exchange = Sie tauscht ein Token gegen ein anderes.
grant-jwt-bearer = Sie tauscht das Wort eines vertrauten Ausstellers gegen ein Token.
grant-ciba = Menschen werden auf ihrem eigenen Gerät gefragt.
app-response-types = Response Types
app-response-types-help = Meist nur code. Die anderen geben Token im Browser heraus und brauchen den Grant Type implicit.
app-security-profile = Sicherheitsprofil
app-pkce = PKCE verlangen
app-pkce-help = Apps ohne Geheimnis brauchen es immer; die meisten Bibliotheken tun es von selbst.
app-scope = Erlaubte Scopes
app-scope-help = Durch Leerzeichen getrennt; leer erlaubt alle.
app-roles-help = Was sie darf, wenn sie für sich selbst arbeitet (client_credentials).
app-client-uri = Startseite
app-logo-uri = Adresse des Logos
app-auth-method = Client-Authentifizierung
method-none = öffentlich, ohne Geheimnis
method-basic = Geheimnis im Header
method-post = Geheimnis im Body
method-secret-jwt = JWT, mit dem Geheimnis signiert
method-private-key-jwt = JWT, mit eigenem Schlüssel signiert
method-tls = Zertifikat einer bekannten Stelle
method-self-signed-tls = Zertifikat mit eigenem Schlüssel
app-jwks-help = Die öffentlichen Schlüssel der App, für private_key_jwt.
app-id-token-alg = Signatur des ID-Tokens
app-token-format = Access-Token
format-jwt = JWT, von APIs selbst gelesen
format-opaque = opak, hier erfragt
app-access-token-alg = Signatur des Access-Tokens
choice-default = Vorgabe des Servers
app-disable-text = Eine abgeschaltete App kann niemanden anmelden und keine Token erneuern. Es lässt sich rückgängig machen.
app-disable = { $name } abschalten
app-enable-text = Bei dieser App kann sich jetzt niemand anmelden.
app-enable = { $name } einschalten
app-delete-hint = Löschen beendet jeden Zugriff, den Menschen ihr gegeben haben. Es lässt sich nicht rückgängig machen.
app-delete-open = Löschen …
app-delete-title = { $name } löschen?
app-delete-text = Niemand kann sich mehr bei ihr anmelden, ihre Token werden nicht mehr erneuert, und was Menschen ihr erlaubt haben, wird vergessen.

apis-empty-title = Noch keine APIs
apis-text = APIs sind, wofür Access-Token da sind. Sie stehen in Ressourcendateien als [[resources]] und kommen mit signet apply herein.
apis-identifier = Kennung
apis-scopes = Scopes
apis-own-clients = Spricht als

keys-title = Schlüssel
keys-text = Die Schlüssel lösen sich von selbst ab: Der nächste wird veröffentlicht, bevor er signiert, und der letzte bleibt es, bis seine Token abgelaufen sind.
keys-signing = Signiert Token und Antworten
keys-encryption = Apps verschlüsseln ihre Anfragen damit
keys-next = Nächste Ablösung
keys-rotate = Jetzt ablösen
keys-none = Noch kein Schlüssel; der erste entsteht, wenn er gebraucht wird.
key-pending = wartet
key-pending-help = veröffentlicht, signiert bald
key-active = aktiv
key-active-help = signiert jetzt
key-retiring = läuft aus
key-retiring-help = veröffentlicht, signiert nicht mehr
key-retired = außer Dienst
key-retired-help = nicht mehr veröffentlicht
key-pending-encryption-help = bald veröffentlicht
key-active-encryption-help = veröffentlicht, in Gebrauch
key-retiring-encryption-help = entschlüsselt, was noch unterwegs ist
key-retired-encryption-help = entschlüsselt nicht mehr
key-created = Erzeugt
key-signs = In Gebrauch ab
key-stops = In Gebrauch bis
key-gone = Fort ab

audit-all = Alles
audit-kind = Was geschah
audit-show = Zeigen
audit-user = Über { $name }
audit-user-open = Öffnen
audit-everyone = Alle zeigen
audit-when = Wann
audit-what = Was
audit-who = Wer
audit-subject = Wen oder was
audit-more = Einzelheiten
audit-none = Noch ist nichts geschehen.
audit-empty-title = Hier ist nichts
audit-empty-text = Hier stehen Anmeldungen, Abmeldungen, Fehlschläge und jede Änderung der Verwaltung.
event-signed-in = Angemeldet
event-sign-in-failed = Anmeldung fehlgeschlagen
event-sign-in-throttled = Anmeldung gebremst
event-signed-out = Abgemeldet
event-session-ended = Sitzung beendet
event-registered = Registriert
event-email-verified = E-Mail-Adresse bestätigt
event-recovery-requested = Neues Passwort angefordert
event-password-changed = Passwort geändert
event-user-created = Benutzer angelegt
event-user-updated = Benutzer geändert
event-user-deleted = Benutzer gelöscht
event-client-created = App registriert
event-client-updated = App geändert
event-client-deleted = App gelöscht
event-client-secret-replaced = Geheimnis der App ersetzt
event-client-secret-added = Weiteres Geheimnis der App erzeugt
event-client-secret-ended = Geheimnis der App beendet
event-resource-applied = Ressource angewendet
event-consent-granted = Zugriff erlaubt
event-consent-denied = Zugriff verweigert
event-consent-withdrawn = Zugriff weggenommen
event-code-replayed = Code zweimal benutzt; Zugriff widerrufen
event-impersonated = Token eingetauscht, um für jemanden zu sprechen
event-assertion-accepted = Wort eines vertrauten Ausstellers angenommen
event-assertion-refused = Wort eines Ausstellers abgelehnt
event-refresh-token-reused = Altes Refresh-Token benutzt; Zugriff widerrufen
event-grant-revoked = Zugriff widerrufen
event-key-rotated = Schlüssel abgelöst
