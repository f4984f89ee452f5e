# The account centre.

account-title = Your account
account-nav = Account
account-console = Console
account-sign-out = Sign out
account-back = Your account
account-profile-saved = Your profile is saved.

safety-title = How safe your account is
safety-good = Your account is in good order: your address is confirmed and you have a password of your own.
safety-no-password = You have no password yet. With one you can sign in also when another way in fails.
safety-no-email = Your e-mail address is not confirmed, so we could not help you if you forgot your password.
safety-set-password = Set a password

apps-title = Apps with access
apps-text = You let these apps use your account. Taking access away signs you out of nothing here.
apps-none = No app has access to your account. When you allow one, it stands here.
apps-sees = Sees:
apps-since = Allowed
apps-stays = also while you are away
apps-withdraw = Take away

profile-title = Your profile
profile-edit = Edit
profile-none = Nothing is known about you yet. What you add here, apps can ask you to share.
profile-text = Apps see these values only when you allow it.

password-change = Change password
password-changed = Last changed
password-none = You have none yet.
password-effect = Saving signs you out everywhere else.

confirm-title = Is it you?
confirm-console = The console needs a fresh proof.
confirm-change = For this change we need a fresh proof.
confirm-submit = Continue
