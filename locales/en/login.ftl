# The sign-in pages.

to-continue-to = to continue to { $app }
app-home = About { $app }
app-policy = Privacy policy
app-terms = Terms of service
cancel-to-app = Cancel and go back to { $app }
back-to-sign-in = Back to sign in

sign-in-title = Sign in
sign-in-submit = Sign in
sign-in-forgot = Forgot your password?
sign-in-new = New here?
sign-in-register = Create an account
sign-in-again = Please sign in again, so that we know it is you.
error-sign-in = That name and password do not go together. Check both and try again.
error-code-tries = That were too many wrong codes. Create the account once more to get a new one.
error-suspended = This account is suspended. Ask the person who runs this service.

select-title = Choose an account
select-continue = Continue as { $name }
select-other = Use another account

register-title = Create an account
register-submit = Create account
register-known = Have an account?
register-sign-in = Sign in

verify-title = Check your mail
verify-sent = We sent a code to { $email }.
verify-hint = { $n ->
    [one] It is good for { $n } minute. The link in the mail does the same.
   *[other] It is good for { $n } minutes. The link in the mail does the same.
}
verify-submit = Confirm
verify-nothing = Nothing there? Look into the spam folder, or:
verify-resend = Send a new code
verify-other = Use another address
verify-resent = A new code is on its way.
verify-link-title = Confirm your address
verify-link-text = Is { $email } yours?
verify-link-submit = Yes, confirm it

new-password-title = Choose your own password
new-password-text = The one you signed in with was for one time only.
new-password-submit = Save and continue

recover-title = Forgot your password?
recover-text = Tell us who you are and we send you a link to choose a new one.
recover-submit = Send the link
recover-sent-title = Check your mail
recover-sent-text = If { $identifier } has an account here, a link to choose a new password is on its way.
recover-sent-hint = { $n ->
    [one] The link is good for { $n } minute.
   *[other] The link is good for { $n } minutes.
}
recover-again = Ask again

reset-title = Choose a new password
reset-text = for { $identifier }
reset-submit = Save the password
reset-effect = Saving signs you out everywhere else.

consent-title = Share with this app?
consent-heading = { $app } would like to use your account
consent-person = You are signed in as { $identifier }.
consent-switch = Not you?
app-host = Nobody here has checked this app. What it is called is its own word; what is certain is that it belongs to { $host }.
consent-stranger = This app registered itself, and nobody here has checked it. Your answer goes to { $host }.
consent-sees = It will see
consent-no-value = nothing there yet
consent-later = As soon as there is something, it will also see:
consent-sub = tells it that it is you, next time too
consent-api = In { $api } it may
consent-details-at = It may do this at { $api }, as it stands here.
consent-api-bare = act in your name; it asks for no particular permission
consent-offline = Stay connected
consent-offline-text = It may do all this also while you are away, until you take it back.
consent-withdraw = You can take this back at any time in your account.
consent-allow = Allow
consent-deny = Do not allow

logout-title = Sign out?
logout-text = You are signed in as { $name }.
logout-text-app = { $app } asks to sign { $name } out here as well.
logout-stranger = This app registered itself, and nobody here has checked it. Signed out, you go on to { $host }.
logout-submit = Sign out
logout-stay = Stay signed in
farewell-title = Signing you out
farewell-text = You are being signed out of the apps that you used.

signed-out-title = You are signed out
signed-out-text = On a shared computer, close the browser as well.
signed-out-return = Back to { $app }
signed-out-again = Sign in again

device-title = Connect a device
device-text = Type in the code that your device shows.
device-code = Code
device-code-hint = Eight letters. Capitals and dashes do not matter.
device-qr = Or scan this with your phone and go on there.
device-qr-alt = QR code with the address of this page
error-user-code-format = A code has eight letters, such as WDJB-MJHT. Look at the device again.
error-user-code = No device is waiting with this code. It may be too old: ask the device for a new one.
decide-title = Connect this device?
decide-heading = { $app } on another device would like to use your account
decide-compare = Does your device show exactly this code?
decide-asked = Asked for { $when }.
decide-asked-from = Asked for { $when } from the address { $address }.
decide-warning = Only allow this if the device is in front of you and you started this yourself. If somebody sent you the code or a link, do not: they would get into your account.
decide-stranger = This app registered itself, and nobody here has checked it.
decide-allow = Allow
decide-deny = Do not allow
decided-allowed = Your device is connected
decided-allowed-text = It goes on by itself in a moment. You can close this page.
decided-denied = The device was not connected
decided-denied-text = It gets nothing. If you did not start this yourself, somebody may have tried to get into your account.
decided-account = To your account

approve-title = Confirm?
approve-heading = { $app } asks for your confirmation
approve-compare = Does the app show exactly this?
approve-warning = Only allow this if you are using the app right now and expected to be asked. If you did not start this, or somebody tells you on the telephone to allow it, do not.
approved = You confirmed it
approved-text = The app goes on by itself in a moment. You can close this page.
not-approved = You refused it
not-approved-text = The app gets nothing. If you did not start this yourself, somebody may have tried to get into your account.
