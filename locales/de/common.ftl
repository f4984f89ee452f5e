# Wörter, die jeder Flügel braucht.

verbatim = { $words }
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

continue = Weiter
field-code = Code
field-username = Benutzername
field-username-hint = Buchstaben, Ziffern, Punkte, Striche; Sie können sich damit anmelden.
field-new-password = Neues Passwort
form-post-title = Zurück zu { $app }
form-post-text = Wenn nichts von selbst geschieht, drücken Sie den Knopf.
leave-title = Weiter zu { $place }?
leave-text = Eine App, die sich hier selbst registriert hat, möchte Sie zu { $place } schicken. Niemand hier hat sie geprüft, und Sie haben ihr nichts erlaubt. Gehen Sie nur weiter, wenn Sie { $place } kennen; was Sie dort sehen, kommt nicht von uns.
leave-go = Weiter zu { $place }
claim-sub = Ihre Kennung
claim-name = Name
claim-given-name = Vorname
claim-family-name = Nachname
claim-middle-name = Zweiter Vorname
claim-nickname = Rufname
claim-preferred-username = Bevorzugter Benutzername
claim-profile = Profilseite
claim-picture = Adresse des Bildes
claim-website = Website
claim-gender = Geschlecht
claim-birthdate = Geburtsdatum
claim-birthdate-help = Als Jahr-Monat-Tag, zum Beispiel 1990-12-31.
claim-zoneinfo = Zeitzone
claim-zoneinfo-help = Zum Beispiel Europe/Berlin.
claim-locale = Sprache
claim-locale-help = Als Sprachkürzel, zum Beispiel de oder de-AT.
claim-email = E-Mail
claim-email-verified = E-Mail ist bestätigt
claim-phone-number = Telefonnummer
claim-phone-number-help = Mit Landesvorwahl, zum Beispiel +49 30 123456.
claim-phone-number-verified = Telefonnummer ist bestätigt
claim-address = Postanschrift
claim-address-formatted = Ganze Anschrift
claim-address-street-address = Straße und Hausnummer
claim-address-locality = Ort
claim-address-region = Bundesland oder Region
claim-address-postal-code = Postleitzahl
claim-address-country = Land

failure-unknown-app = Diese App kennen wir nicht
failure-unknown-app-advice = Der Link, der Sie hierher brachte, nennt eine App, die nicht registriert ist. Gehen Sie zurück zur App und sagen Sie ihren Betreibern Bescheid.
failure-redirect-uri = Diese App darf Sie nicht an diese Adresse schicken
failure-redirect-uri-advice = Die Adresse für den Rückweg hat die App nicht registriert. Zu Ihrem Schutz geht es hier nicht weiter. Gehen Sie zurück zur App und sagen Sie ihren Betreibern Bescheid.
failure-malformed = Die App hat etwas gefragt, das wir nicht beantworten können
failure-malformed-advice = In der Anfrage fehlt etwas, oder etwas ist falsch geschrieben. Gehen Sie zurück zur App und versuchen Sie es noch einmal.
failure-expired = Diese Anmeldung ist abgelaufen
failure-expired-advice = Sie war zu lange offen, ist schon abgeschlossen oder wurde in einem anderen Browser begonnen. Gehen Sie zurück zur App und beginnen Sie noch einmal.
failure-link = Dieser Link gilt hier nicht
failure-link-advice = Er wurde schon benutzt, ist zu alt oder gehört zu dem Browser, in dem Sie begonnen haben. Öffnen Sie ihn dort, oder fordern Sie einen neuen an.
failure-stale = Diese Seite war zu lange offen
failure-stale-advice = Es wurde nichts geändert. Gehen Sie zurück, laden Sie die Seite neu und versuchen Sie es noch einmal. Cookies müssen erlaubt sein.
failure-not-found = Hier ist nichts
failure-not-found-advice = Vielleicht ist die Adresse falsch geschrieben, oder was hier war, gibt es nicht mehr.
failure-forbidden = Diese Seite ist für Administratoren
failure-forbidden-advice = Ihr Konto hat diese Rolle nicht. Wer sie hat, kann sie Ihnen geben.
failure-method = Diese Adresse lässt sich so nicht benutzen
failure-method-advice = Gehen Sie zurück und folgen Sie den Knöpfen und Links der Seite.
failure-too-large = Das ist mehr, als wir lesen können
failure-too-large-advice = Gehen Sie zurück und senden Sie weniger.
failure-head = Ihr Browser sendet mehr, als wir lesen können
failure-head-advice = Meist sind es zu viele Cookies dieser Website. Löschen Sie sie und versuchen Sie es noch einmal.
failure-slow = Das hat zu lange gedauert
failure-slow-advice = Ihre Anfrage ist nicht vollständig angekommen. Versuchen Sie es noch einmal.
failure-too-many = Zu viele Versuche
failure-too-many-advice = Zum Schutz der Konten bremsen wir nach mehreren fehlgeschlagenen Versuchen.
failure-busy = Gerade sind sehr viele hier
failure-busy-advice = Ihre Anfrage wurde nicht ausgeführt. Gleich geht es wieder.
failure-database = Wir kommen gerade nicht an die Daten
failure-database-advice = Es wurde nichts geändert. Warten Sie einen Moment und laden Sie die Seite neu.
failure-internal = Bei uns ist etwas kaputtgegangen
failure-internal-advice = Es liegt nicht an Ihnen. Versuchen Sie es noch einmal; wenn es wieder geschieht, nennen Sie der Person, die Ihnen hilft, das Zeichen unten.
failure-helper = Für die Person, die Ihnen hilft:
failure-reference = Zeichen
failure-to-account = Zu Ihrem Konto
retry-seconds = { $n ->
    [one] Versuchen Sie es in { $n } Sekunde noch einmal.
   *[other] Versuchen Sie es in { $n } Sekunden noch einmal.
}
retry-minutes = { $n ->
    [one] Versuchen Sie es in { $n } Minute noch einmal.
   *[other] Versuchen Sie es in { $n } Minuten noch einmal.
}

errors-marked = { $n ->
    [one] Ein Feld stimmt noch nicht.
   *[other] { $n } Felder stimmen noch nicht.
}
error-required = Bitte füllen Sie dieses Feld aus.
error-email-format = Das sieht nicht nach einer E-Mail-Adresse aus. Prüfen Sie sie, zum Beispiel ada@example.com.
error-username-format = Ein Benutzername hat nur Buchstaben, Ziffern, Punkte und Striche. Lassen Sie den Rest weg.
error-username-taken = Diesen Benutzernamen hat schon jemand. Wählen Sie einen anderen.
error-password-short = Nehmen Sie mindestens { $n } Zeichen.
error-password-long = Nehmen Sie höchstens { $n } Zeichen.
error-password-common = Dieses Passwort würden andere mit als Erstes versuchen. Wählen Sie ein anderes.
error-password-personal = Dieses Passwort ist Ihrem Namen oder Ihrer E-Mail-Adresse zu ähnlich. Wählen Sie ein anderes.
error-password-same = Das ist Ihr jetziges Passwort. Wählen Sie ein anderes.
error-code-wrong = Das ist nicht der zuletzt gesendete Code. Sehen Sie in die neueste Mail.
error-code-expired = Dieser Code ist zu alt. Fordern Sie einen neuen an.
error-too-many = { $n ->
    [one] Zu viele Versuche. Versuchen Sie es in { $n } Minute noch einmal.
   *[other] Zu viele Versuche. Versuchen Sie es in { $n } Minuten noch einmal.
}
error-value = Diesen Wert können wir nicht lesen. Prüfen Sie die Schreibweise.
error-value-long = Nehmen Sie höchstens { $n } Zeichen.
error-url = Schreiben Sie eine ganze Adresse, die mit https:// oder http:// beginnt.
error-phone-format = Schreiben Sie die Nummer mit Landesvorwahl, zum Beispiel +49 30 123456.
error-birthdate-format = Schreiben Sie Jahr-Monat-Tag, zum Beispiel 1990-12-31, oder nur das Jahr.

skip = Zum Inhalt springen
save = Speichern
cancel = Abbrechen
field-current-password = Jetziges Passwort
error-conflict = Inzwischen hat jemand anderes das hier geändert. Unten steht der jetzige Stand; ändern Sie es noch einmal.
error-password-wrong = Das ist nicht Ihr jetziges Passwort. Versuchen Sie es noch einmal.

device = { $browser } unter { $system }
device-unknown = Unbekanntes Gerät
source-you = von Ihnen
source-user = von der Person
source-administrator = von der Verwaltung
source-connector = von { $id }
source-import = aus einem Import
source-api = von { $id } über die API
source-hook = vom Hook { $id }
value-verified = bestätigt
value-unverified = nicht bestätigt
sessions-title = Wo Sie angemeldet sind
sessions-this = dieser Browser
sessions-seen = zuletzt benutzt
sessions-end = Beenden
sessions-end-others = Überall sonst abmelden

copy = Kopieren
copied = Kopiert
done = Fertig
none = keine
never = nie
search = Suchen
actions = Aktionen
pager = Seiten
pager-first = Erste Seite
pager-next = Nächste Seite
