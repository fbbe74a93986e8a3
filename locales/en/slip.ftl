# What is printed on the slip for the person.

slip-title = Record of an identity check
slip-record = Record number
slip-time = Date and time
slip-outcome = Result
slip-request = Request number
slip-due = To be answered by
slip-verified = Identity confirmed
slip-not-verified = Identity not confirmed
slip-awaiting = Recorded, identity not yet confirmed
slip-not-required = No check of identity is needed
slip-referred = A member of the staff decides
slip-call-back = Request for a call recorded, identity not confirmed
slip-withdrawn = Ended at your wish
slip-timed-out = Ended because its time ran out
slip-not-captured = No usable picture could be taken
slip-person-not-found = The centre found no such person
slip-no-reference = The centre has no picture to compare with
slip-document-type = This kind of identity document is not accepted
slip-quality = The picture was not good enough to be compared
slip-not-completed = Not completed on the phone
slip-awaiting-hint = The answer of the Identification Data Exchange Center comes later. Please ask a member of the staff for it with this record number.
slip-examiner-hint = A member of the staff looks at the pictures, and the answer comes later. Please ask a member of the staff for it with this record number.
slip-call-back-hint = A member of the staff will call the number you gave and agree on a time for the video call.
slip-request-hint = Keep the request number. With it you can ask at this kiosk how the request stands.
slip-questions = If you disagree with the result, tell a member of the staff the record number.
slip-footer = This slip holds no biometric data.

# The technician's test page.
slip-test-title = Test page
slip-test-kiosk = Kiosk
slip-test-letters = Әә Ғғ Ққ Ңң Өө Ұұ Үү Һһ Іі 0123456789
slip-test-footer = This page belongs to no session
