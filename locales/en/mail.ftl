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

mail-address-subject = Confirm your new e-mail address
mail-address-text = Someone, probably you, wants to use this address for an account at { $product }. Open the link in the browser where you are signed in.
mail-address-link = Use this address
mail-address-valid = { $n ->
    [one] The link is good once, for { $n } minute.
   *[other] The link is good once, for { $n } minutes.
}
mail-address-not-you = If it was not you, do nothing: without your sign-in the link changes nothing.

mail-in-use-subject = This address belongs to an account already
mail-in-use-text = Someone, probably you, wanted to use this address for another account at { $product }. It belongs to one already, so sign in with it.

mail-moved-subject = Your e-mail address was changed
mail-moved-text = The account at { $product } that had the address { $identifier } has another address now. Mails go there from now on.
mail-moved-link = Look at your account
mail-moved-not-you = If it was not you, sign in, change your password at once and set the address right again. If you cannot sign in, tell whoever runs this service.

mail-approve-subject = An app asks for your confirmation
mail-approve-text = { $app } asks to use your account at { $product }. Look at what it asks for, and decide there.
mail-approve-link = Look at it
mail-approve-valid = { $n ->
    [one] It waits for { $n } minute.
   *[other] It waits for { $n } minutes.
}
mail-approve-not-you = If you did not expect this, do nothing or refuse: nothing happens without you.
