# Mails.

mail-footer = Sent by { $product }. Nobody reads answers to this address.

mail-verify-subject = Confirm your e-mail address
mail-verify-text = Someone, probably you, is creating an account at { $product } with this address. Type this code on the page that asks for it, or follow the link.
mail-verify-link = Confirm the address
mail-verify-valid = { $n ->
    [one] Code and link are good for { $n } minute.
   *[other] Code and link are good for { $n } minutes.
}
mail-verify-not-you = If it was not you, do nothing: without the code there is no account.

mail-known-subject = You already have an account
mail-known-text = Someone, probably you, tried to create an account at { $product } with this address. There is one already, so just sign in.
mail-known-link = Sign in
mail-known-forgot = If you have forgotten the password, the sign-in page helps you to a new one.
mail-known-not-you = If it was not you, do nothing: nothing has changed.

mail-reset-subject = Choose a new password
mail-reset-text = Someone, probably you, asked for a new password for { $identifier } at { $product }.
mail-reset-link = Choose a new password
mail-reset-valid = { $n ->
    [one] The link is good once, for { $n } minute.
   *[other] The link is good once, for { $n } minutes.
}
mail-reset-not-you = If it was not you, do nothing: your password stays as it is.

mail-changed-subject = Your password was changed
mail-changed-text = The password of { $identifier } at { $product } was changed just now.
mail-changed-link = It was not me: choose a new password
mail-changed-not-you = If it was you, there is nothing to do.
