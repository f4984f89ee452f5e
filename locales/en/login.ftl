# The sign-in pages.

to-continue-to = to continue to { $app }
app-home = About { $app }
app-policy = Privacy policy
app-terms = Terms of service
cancel-to-app = Cancel and go back to { $app }

sign-in-title = Sign in
sign-in-submit = Sign in
sign-in-forgot = Forgot your password?
sign-in-new = New here?
sign-in-register = Create an account
sign-in-again = Please sign in again, so that we know it is you.
error-sign-in = That e-mail or username and password do not belong together. Check both and try again.
error-required = Please fill this in.
error-email-format = That does not look like an e-mail address. Check it, for example ada@example.com.
