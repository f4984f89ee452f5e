# Words that every wing uses.

verbatim = { $words }
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

continue = Continue
field-code = Code
field-username = Username
field-username-hint = Letters, digits, dots, dashes; you can sign in with it.
field-new-password = New password
form-post-title = Back to { $app }
form-post-text = If nothing happens by itself, press the button.
leave-title = On to { $place }?
leave-text = An app that registered itself here wants to send you to { $place }. Nobody here has checked it, and you have not allowed it anything. Go on only if you know { $place }; what you see there is not from us.
leave-go = Go on to { $place }
claim-sub = Your identifier
claim-name = Name
claim-given-name = Given name
claim-family-name = Family name
claim-middle-name = Middle name
claim-nickname = Nickname
claim-preferred-username = Preferred username
claim-profile = Profile page
claim-picture = Picture address
claim-website = Website
claim-gender = Gender
claim-birthdate = Date of birth
claim-birthdate-help = As year-month-day, for example 1990-12-31.
claim-zoneinfo = Time zone
claim-zoneinfo-help = For example Europe/Berlin.
claim-locale = Language
claim-locale-help = As a language tag, for example en or de-AT.
claim-email = E-mail
claim-email-verified = E-mail is confirmed
claim-phone-number = Phone number
claim-phone-number-help = With the country code, for example +49 30 123456.
claim-phone-number-verified = Phone number is confirmed
claim-address = Postal address
claim-address-formatted = Whole address
claim-address-street-address = Street and number
claim-address-locality = City
claim-address-region = State or region
claim-address-postal-code = Postal code
claim-address-country = Country

failure-unknown-app = We do not know this app
failure-unknown-app-advice = The link that brought you here names an app that is not registered. Go back to the app and tell its makers.
failure-redirect-uri = This app may not send you to that address
failure-redirect-uri-advice = The address to return to is not one that the app has registered, so we stopped here to keep you safe. Go back to the app and tell its makers.
failure-malformed = The app asked in a way we cannot answer
failure-malformed-advice = Something is missing or written wrongly in the request. Go back to the app and try again.
failure-expired = This sign-in has run out
failure-expired-advice = It was open for too long, is finished already, or was begun in another browser. Go back to the app and begin again.
failure-link = This link does not work here
failure-link-advice = It was used already, is too old, or belongs to the browser in which you began. Open it there, or ask for a new one.
failure-stale = This page was open for too long
failure-stale-advice = Nothing was changed. Go back, reload the page and try again. Cookies must be allowed.
failure-not-found = There is nothing here
failure-not-found-advice = The address may be mistyped, or what was here is gone.
failure-forbidden = This page is for administrators
failure-forbidden-advice = Your account does not have that role. Someone who has it can give it to you.
failure-method = This address cannot be used like that
failure-method-advice = Go back and follow the page's own buttons and links.
failure-too-large = That is more than we can read
failure-too-large-advice = Go back and send less.
failure-head = Your browser sends more than we can read
failure-head-advice = Most often the cookies of this site have become too many. Delete them and try again.
failure-slow = That took too long
failure-slow-advice = Your request did not reach us whole. Try again.
failure-too-many = Too many attempts
failure-too-many-advice = To keep accounts safe we slow down after several attempts that failed.
failure-busy = Very many people are here just now
failure-busy-advice = Your request was not carried out. It will work again in a moment.
failure-database = We cannot get at the data just now
failure-database-advice = Nothing was changed. Wait a moment and reload the page.
failure-internal = Something broke on our side
failure-internal-advice = It is not your fault. Try again; if it happens again, give the reference below to the person who helps you.
failure-helper = For the person who helps you:
failure-reference = Reference
failure-to-account = Go to your account
retry-seconds = { $n ->
    [one] Try again in { $n } second.
   *[other] Try again in { $n } seconds.
}
retry-minutes = { $n ->
    [one] Try again in { $n } minute.
   *[other] Try again in { $n } minutes.
}

errors-marked = { $n ->
    [one] One field is not right yet.
   *[other] { $n } fields are not right yet.
}
error-required = Please fill this in.
error-email-format = That does not look like an e-mail address. Check it, for example ada@example.com.
error-username-format = A username has letters, digits, dots, dashes and underscores only. Leave out the rest.
error-username-taken = Someone else has this username. Choose another one.
error-password-short = Use at least { $n } characters.
error-password-long = Use at most { $n } characters.
error-password-common = This is one of the first passwords that others would try. Choose another one.
error-password-personal = This password is too close to your name or e-mail address. Choose another one.
error-password-same = This is the password you have now. Choose another one.
error-code-wrong = That is not the code we sent last. Check the newest mail.
error-code-expired = This code is too old. Ask for a new one.
error-too-many = { $n ->
    [one] Too many attempts. Try again in { $n } minute.
   *[other] Too many attempts. Try again in { $n } minutes.
}
error-value = We cannot read this value. Check how it is written.
error-value-long = Use at most { $n } characters.
error-url = Write a whole address that begins with https:// or http://.
error-phone-format = Write the number with its country code, for example +49 30 123456.
error-birthdate-format = Write year-month-day, for example 1990-12-31, or the year alone.

skip = Skip to the content
save = Save
cancel = Cancel
field-current-password = Present password
error-conflict = Someone else has changed this in the meantime. Below is what stands there now; make your change again.
error-password-wrong = That is not your present password. Try again.

device = { $browser } on { $system }
device-unknown = Unknown device
source-you = from you
source-user = from the person
source-administrator = from an administrator
source-connector = from { $id }
source-import = from an import
source-api = from { $id } by the API
source-hook = from the hook { $id }
value-verified = confirmed
value-unverified = not confirmed
sessions-title = Where you are signed in
sessions-this = this browser
sessions-seen = last used
sessions-end = End
sessions-end-others = Sign out everywhere else

copy = Copy
copied = Copied
done = Done
none = none
never = never
search = Search
actions = Actions
pager = Pages
pager-first = First page
pager-next = Next page
