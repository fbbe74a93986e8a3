# What is printed on the slip for the person.

slip-title = Record of an identity check
slip-record = Record number
slip-time = Date and time
slip-outcome = Result
slip-request = Request number
slip-due = To be answered by
slip-verified = Identity confirmed
slip-not-verified = Identity not confirmed
slip-awaiting = Recorded, not yet identified
slip-not-required = No check of identity is needed
slip-referred = A member of staff decides
slip-withdrawn = Ended at your wish
slip-timed-out = Ended because nothing was done
slip-not-captured = No record could be taken
slip-person-not-found = The number was not found in the state database
slip-no-reference = There is no picture to compare with
slip-document-type = This kind of identity document is not accepted
slip-quality = The picture was not good enough
slip-not-completed = Not completed on the phone
slip-awaiting-hint = The answer of the Identification Data Exchange Center comes later. Please ask a member of staff with this record number.
slip-request-hint = Keep the request number. With it you can ask at this kiosk how the request stands.
slip-questions = If you disagree with the result, tell a member of staff the record number.
slip-footer = This slip holds no biometric data.
