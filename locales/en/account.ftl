# The account centre.

account-title = Your account
account-nav = Account
account-console = Console
account-sign-out = Sign out
account-back = Your account
account-profile-saved = Your profile is saved.
account-email-changed = Your new e-mail address is confirmed.
account-password-changed = Your password is changed, and you are signed out everywhere else.
account-withdrawn = The app has no access to your account any more.
account-session-ended = That browser is signed out.
account-sessions-ended = You are signed out everywhere else.

safety-title = How safe your account is
safety-good = Your account is in good order: your address is confirmed and you have a password of your own.
safety-no-password = You have no password yet. With one you can sign in also when another way in fails.
safety-no-email = Your e-mail address is not confirmed, so we could not help you if you forgot your password.
safety-set-password = Set a password
safety-confirm-email = Confirm an address

apps-title = Apps with access
apps-text = You let these apps use your account. Taking access away signs you out of nothing here.
apps-none = No app has access to your account. When you allow one, it stands here.
apps-sees = Sees:
apps-api = { $api }
apps-api-permission = { $permission } ({ $api })
apps-since = Allowed
apps-stays = also while you are away
apps-withdraw = Take away

profile-title = Your profile
profile-edit = Edit
profile-none = Nothing is known about you yet. What you add here, apps can ask you to share.
profile-text = Apps see these values only when you allow it.

profile-email = Your e-mail address is { $email }.
email-change = Change e-mail
email-add = Add an e-mail address
email-title = Your e-mail address
email-current = Now it is { $email }
field-new-email = New e-mail address
email-hint = We send a link there. Your address changes when you open it.
email-submit = Send the link
email-sent-title = Look into your mail
email-sent-text = We have written to { $email }. Open the link in that mail in this browser, and the address is yours.
email-sent-hint = { $n ->
    [one] The link is good for { $n } minute. Until then your old address stays.
   *[other] The link is good for { $n } minutes. Until then your old address stays.
}
email-again = Nothing came? Try again
email-verify-title = Use this address?
email-verify-text = { $email } becomes the address of your account. Mails to you and links for a new password go there from then on.
email-verify-submit = Use this address
error-email-same = This is your address already.

password-change = Change password
password-changed = Last changed
password-none = You have none yet.
password-effect = Saving signs you out everywhere else.

confirm-title = Is it you?
confirm-console = Some time has passed since you signed in, and this part of the console can change a lot.
confirm-change = For this change we need a fresh proof.
confirm-lost = Nothing was changed yet. You will come back to the page; please fill it in again.
confirm-submit = Continue

requests-title = Waiting for you
requests-app = { $app } asks for your confirmation
requests-look = Look at it
