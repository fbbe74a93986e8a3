# Catalogue of services: service-<name> and service-<name>-hint.

service-account-opening = Open an account
service-account-opening-hint = Confirm your identity to open a bank account
service-online-loan = Online loan
service-online-loan-hint = Confirm your identity to apply for a loan
service-sim-registration = SIM card registration
service-sim-registration-hint = Register a phone number in your name
service-data-update = Update my data
service-data-update-hint = Update your personal data at the bank
service-palm-enrolment = Register my palm
service-palm-enrolment-hint = To confirm your identity with your palm next time
