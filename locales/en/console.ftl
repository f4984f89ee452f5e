# The console.

console-nav = Console
nav-overview = Overview
nav-users = Users
nav-apps = Apps
nav-apis = APIs
nav-keys = Keys
nav-audit = Audit trail
field-roles = Roles
field-status = State
field-kind = Kind
field-custom-data = Custom data
field-custom-data-help = A JSON object of your own; apps see it only through custom claims.
status-active = active
status-suspended = suspended
status-disabled = switched off
once = This is shown only now. Keep it in a safe place before you go on.
delete-name = Delete { $name }

done-saved = Saved.
done-user-suspended = The user is suspended; every session has ended.
done-user-restored = The user can sign in again.
done-user-deleted = The user is deleted.
done-session-ended = The session has ended.
done-sessions-ended = Every session has ended.
done-app-disabled = The app is switched off.
done-app-enabled = The app is switched on.
done-app-deleted = The app is deleted.
done-secret-ended = The secret ends as you said.
done-key-rotated = The successor of this key is made; it takes over as soon as everyone can know it.

figure-users = Users
figure-apps = Apps
figure-sessions = Sign-ins in 24 hours
figure-failures = Failed sign-ins in 24 hours
attention-title = Needs attention
attention-none = All is well. Nothing needs your attention.
attention-mail-files = Mail is written into files of the data folder and sent to nobody. Set SIGNET_SMTP_URL to send it.
attention-insecure-issuer = The issuer { $issuer } does not use https. That is fine on this machine only.
attention-mail-failed = { $n ->
    [one] { $n } mail could not be delivered.
   *[other] { $n } mails could not be delivered.
}
attention-no-app = No app is registered yet, so nobody can sign in to anything.
overview-lately = What happened lately
overview-all = See all

users-new = Add a user
users-search = Begins with: name, e-mail, username
users-last = Last sign-in
users-since = Here since
users-empty-title = No users yet
users-empty-text = Users are the people who sign in to your apps. They register themselves, or you add them.
users-none-title = Nobody begins with “{ $q }”
users-none-text = The search looks at how name, e-mail address and username begin.
users-all = Show everyone
users-new-text = A username or an e-mail address is enough. You get a one-time password to pass on; the person replaces it at the first sign-in.
users-create = Add the user
verified-help = You vouch for it; apps are told so.
tabs = Parts of this page
tab-profile = Profile
tab-access = Access
tab-sources = Sources
tab-history = History
tab-danger = Danger zone
role-admin-help = May do everything here and in the management API.
password-set = Set
password-one-time = A one-time password waits to be replaced
password-unset = None; cannot sign in with one
user-one-time = Make a one-time password
user-sessions = Sessions
user-sessions-none = Not signed in anywhere.
user-end-all = { $n ->
    [one] End { $n } session
   *[other] End all { $n } sessions
}
user-apps-none = No app has access.
session-device = Device
session-address = Address
session-started = Began
session-seen = Last used
sources-text = Every value is what somebody said. This is who decides each of them now.
sources-none = Nobody has said anything about this person yet.
source-value = Claim
source-says = Value
source-who = Source
source-when = Said
source-withdrawn = withdrawn
user-self = This is your own account. Another administrator can suspend or delete it.
user-suspend-text = A suspended user cannot sign in; sessions end and tokens stop being renewed. It can be undone.
user-suspend = { $n ->
    [0] Suspend { $name }
    [one] End { $n } session and suspend { $name }
   *[other] End { $n } sessions and suspend { $name }
}
user-restore-text = This user cannot sign in now.
user-restore = Let { $name } sign in again
user-delete-hint = Deleting removes the person and everything known about them. It cannot be undone.
user-delete-open = Delete…
user-delete-title = Delete { $name }?
user-delete-text = { $n ->
    [0] The profile with its history and every access that apps were given are removed for good.
    [one] The profile with its history and every access that apps were given are removed for good, and { $n } session ends.
   *[other] The profile with its history and every access that apps were given are removed for good, and { $n } sessions end.
}
user-made = { $name } is added
user-password-title = One-time password
user-password-text = Give these to { $name }. At the first sign-in a password of their own replaces it.
error-json = This is not a JSON object. Check braces, commas and quotes.
error-email-taken = Someone else has this address, confirmed. Use another one.
error-last-administrator = This is the last administrator. Give the role admin to someone else first.
error-no-identifier = Give a username or an e-mail address, so that the person can sign in.

apps-new = Register an app
apps-create = Register the app
apps-registered = Registered
apps-empty-title = No apps yet
apps-empty-text = An app is whatever people sign in to through this server. Register one and connect it in a few minutes.
app-kind-question = What is it?
kind-web = Web app
kind-web-help = Runs on a server that keeps a secret.
kind-single-page = Single-page app
kind-single-page-help = Runs in the browser, without a secret.
kind-native = Native app
kind-native-help = Runs on a phone or a desktop, without a secret.
kind-machine = Machine
kind-machine-help = Works for itself; nobody signs in.
app-name-help = People see it when they sign in.
app-redirect-uris = Redirect URIs
app-redirect-uris-help = Where people come back to after signing in; one per line, compared exactly.
app-logout-uris = Post-logout redirect URIs
app-logout-uris-help = Where they may go after signing out; one per line.
app-consent = Ask people before it sees anything
app-consent-help = Leave it off for apps of your own.
error-redirect-uri = One of these cannot be registered. Each is a whole address without #, https except on this machine.
error-https = Write a whole address that begins with https://; http:// only for localhost.
error-repeated = Something stands here twice. Leave one of them out.
error-public-credentials = An app without a secret cannot use client_credentials. Choose a way for it to prove itself.
error-refresh-without-code = refresh_token needs authorization_code.
error-needs-grant = needs the grant type { $grant }
error-keys = The app needs keys of its own: give the address of its JWKS, and only that.
registration-title = Apps that register themselves
registration-off = Nobody may register an app but administrators, here or with resource files.
registration-token = Programs register an app if they bring a registration token. Make one with signet registration-token new.
registration-open = Any program may register an app, as apps that speak to MCP servers expect. People are always asked before it sees anything.
registration-any = Any
registration-per-address = From one address
registration-an-hour = { $n } an hour
registration-most = In all
registration-in-all = { $n } at most
registration-unused = Unused ones
registration-unused-days = { $n ->
    [one] Deleted after one day
   *[other] Deleted after { $n } days
}
registration-secret = Secrets
registration-secret-ever = Never end
registration-secret-days = { $n ->
    [one] End after one day; an old one lasts { $hours } hours beside its successor
   *[other] End after { $n } days; an old one lasts { $hours } hours beside its successor
}
registration-where = Set in config/signet.toml under [registration], or by SIGNET_REGISTRATION__… in the environment; it holds from the next start on.
app-made = { $name } is registered
app-secret-title = Credentials of { $name }
app-credentials = Credentials
app-settings = Settings for your app
app-settings-text = Most OpenID Connect libraries need no more than this.
app-discovery = Everything else stands in
app-changed = Changed
app-origin = This app comes from { $file }. What you change here is written over by the next signet apply.
app-new-secret = Make a secret
app-secrets = Secrets
app-secrets-none = It has none: nothing lets it in.
app-secret-more = Another secret
app-secret-more-text = It is shown once. The others go on working for as long as you say here, so that the app can move over.
secret-unnamed = Set by a file
secret-expired = Expired
secret-ends = Ends
secret-made = Made
secret-used = last used
secret-unused = not used yet
secret-end = End
secret-end-when = When it ends
secret-at-once = At once
secret-in-days = { $n ->
    [one] In one day
   *[other] In { $n } days
}
secret-for-ever = Never
secret-label = Name
secret-lasts = It ends
secret-others = The others end
secret-others-stay = As before
error-sector = The document at the app's sector_identifier_uri does not list all of these addresses. Add them there first.
error-sector-fetch = The list at the app's sector_identifier_uri cannot be fetched now. Try again when it is there.
error-secrets-many = An app has at most 5 secrets at once. End one first.
error-secret-last = It is the only secret that lets the app in. Make another one first, or switch the app off.
error-secret-gone = There is no such secret any more.
app-part-sign-in = Signing in
app-part-looks = What people see
app-part-tokens = Tokens and keys
app-grant-types = Grant types
grant-authorization-code = People sign in to it.
grant-refresh-token = It renews its access by itself.
grant-client-credentials = It works for itself, without a person.
grant-implicit = It gets tokens in the browser, without a code.
grant-device-code = People sign in on another device, with a code.
grant-token-exchange = It trades a token for another one.
grant-jwt-bearer = It trades the word of a trusted issuer for a token.
grant-ciba = People are asked on their own device.
app-response-types = Response types
app-response-types-help = Usually only code. The others give tokens in the browser and need the grant type implicit.
app-security-profile = Security profile
app-pkce = Require PKCE
app-pkce-help = Apps without a secret always need it; most libraries do it by themselves.
app-scope = Allowed scopes
app-scope-help = Separated by spaces; empty allows all.
app-roles-help = What it may do when it works for itself (client_credentials).
app-client-uri = Home page
app-logo-uri = Logo address
app-auth-method = Client authentication
method-none = public, no secret
method-basic = secret in the header
method-post = secret in the body
method-secret-jwt = JWT signed with the secret
method-private-key-jwt = JWT signed with its own key
method-tls = certificate of a known authority
method-self-signed-tls = certificate with its own key
app-jwks-help = The app's public keys, for private_key_jwt.
app-id-token-alg = ID token signature
app-token-format = Access token
format-jwt = JWT, read by APIs themselves
format-opaque = opaque, asked about here
app-access-token-alg = Access token signature
choice-default = the server's default
app-disable-text = A switched-off app cannot sign anyone in or renew tokens. It can be undone.
app-disable = Switch { $name } off
app-enable-text = Nobody can sign in to this app now.
app-enable = Switch { $name } on
app-delete-hint = Deleting ends every access that people gave it. It cannot be undone.
app-delete-open = Delete…
app-delete-title = Delete { $name }?
app-delete-text = Nobody can sign in to it any more, its tokens stop being renewed, and what people allowed it is forgotten.

apis-empty-title = No APIs yet
apis-text = APIs are what access tokens are for. They are written in resource files as [[resources]] and brought in by signet apply.
apis-identifier = Identifier
apis-scopes = Scopes
apis-own-clients = Speaks as

keys-title = Keys
keys-text = Keys roll over by themselves: the next one is published before it signs, and the last one stays published until its tokens have run out.
keys-signing = Signs tokens and answers
keys-encryption = Apps encrypt their requests to it
keys-next = Next rotation
keys-rotate = Rotate now
keys-none = No key yet; the first one is made when it is needed.
key-pending = pending
key-pending-help = published, signs soon
key-active = active
key-active-help = signs now
key-retiring = retiring
key-retiring-help = published, signs no more
key-retired = retired
key-retired-help = no longer published
key-pending-encryption-help = published soon
key-active-encryption-help = published, in use
key-retiring-encryption-help = decrypts what is on its way
key-retired-encryption-help = decrypts no more
key-created = Made
key-signs = In use from
key-stops = In use until
key-gone = Gone from

audit-all = Everything
audit-kind = What happened
audit-show = Show
audit-user = About { $name }
audit-user-open = Open
audit-everyone = Show everyone
audit-when = When
audit-what = What
audit-who = Who
audit-subject = To whom or what
audit-more = Details
audit-none = Nothing has happened yet.
audit-empty-title = Nothing here
audit-empty-text = Sign-ins, sign-outs, failures and every change by an administrator stand here.
event-signed-in = Signed in
event-sign-in-failed = Sign-in failed
event-sign-in-throttled = Sign-in slowed down
event-signed-out = Signed out
event-session-ended = Session ended
event-registered = Registered
event-email-verified = E-mail address confirmed
event-recovery-requested = New password asked for
event-password-changed = Password changed
event-user-created = User added
event-user-updated = User changed
event-user-deleted = User deleted
event-client-created = App registered
event-client-updated = App changed
event-client-deleted = App deleted
event-client-secret-replaced = App's secret replaced
event-client-secret-added = Another secret made for the app
event-client-secret-ended = App's secret ended
event-resource-applied = Resource applied
event-consent-granted = Access allowed
event-consent-denied = Access refused
event-consent-withdrawn = Access withdrawn
event-code-replayed = Code used twice; access revoked
event-impersonated = Token exchanged to act as somebody
event-assertion-accepted = Word of a trusted issuer taken
event-assertion-refused = Word of an issuer refused
event-refresh-token-reused = Old refresh token used; access revoked
event-grant-revoked = Access revoked
event-key-rotated = Key rotated
