# The pages of examiners at the gateway: people of the institution who look at pictures.

review-title = Review of pictures
review-skip = Skip to the content
review-language = Language
review-you-are = Examiner { $name }
review-logout = Log out

review-login-title = Log in
review-number = Your number
review-secret = Your secret
review-login = Log in
review-login-wrong = The number or the secret is not right.
review-login-locked = There were too many wrong secrets. Please wait a quarter of an hour, or ask your administrator.
review-login-too-often = There were too many tries from this computer. Please wait a minute.

review-fault-title = That is not possible
review-fault-unknown = There is no such entry.
review-fault-held-by-other = Another examiner is working on it.
review-fault-not-held = You do not have this entry, or the time for it has ended. Please take it again.
review-fault-ended = It has already been decided.
review-fault-own-session = You were the operator in this session. Another examiner has to decide.
review-fault-no-picture = There is no such picture.
review-fault-nothing-to-compare = Without both pictures nothing can be accepted.
review-fault-unavailable = This does not work at the moment. Nothing was changed. Please try again.
review-fault-form = This form is no longer valid. Nothing was changed. Please open the page again.
review-to-queue = To the queue

review-queue-title = Queue
review-kind = What is wanted
review-kind-all = All
review-kind-images = Compare pictures
review-kind-call-back = Call back
review-service = Service
review-kiosk = Kiosk
review-waits = Waits for
review-state = State
review-action = Action
review-state-waiting = free
review-state-yours = you have it
review-state-taken = taken by { $name }
review-calls-in-vain = { $n ->
    [one] called once in vain
   *[other] called { $n } times in vain
}
review-open = Go on
review-take = Take
review-empty = Nothing is waiting.
review-more = Next page

review-done-accepted = Accepted. The answer is on its way to the kiosk.
review-done-refused = Refused. The answer is on its way to the kiosk.
review-done-called = Noted: the client was reached.
review-done-not-reached = Noted: the client was not reached. The entry is free again.
review-done-released = The entry is free again.

review-images-title = Compare the pictures
review-call-back-title = Call the client back
review-yours-until = You have this entry until { $time }.
review-idle = You will be logged out if you do nothing for { $time }.
review-release = Give back without a decision
review-pictures = Pictures
review-picture-portrait = Face of the client
review-picture-front = Identity document, front
review-picture-back = Identity document, back

review-facts = What is known
review-iin = IIN
review-born = Born
review-years = { $n ->
    [one] { $n } year old
   *[other] { $n } years old
}
review-document-kind = Kind of document
review-document-number = Number of the document
review-document-name = Name in the document
review-document-expires = Valid until
review-captured = Captured
review-came = Received
review-spoke = Language of the session
review-why = Why this way
review-why-chosen = the client chose it
review-why-cannot-perform = the client cannot do what the devices ask for
review-operator = Operator present
review-suspicions = Noticed by the kiosk
review-document-id = Record
review-look-alike = letters of another alphabet

review-decision = Decision
review-decision-final = A decision is final, and the client is told at the kiosk.
review-compared = I have compared the face with the document, and the document with the IIN.
review-accept = Accept
review-reason = Why do you refuse?
review-refuse = Refuse
review-wrong-compared = Please confirm that you have compared the pictures.
review-wrong-reason = Please choose a reason.

review-call = Call
review-no-number = The document has no number to call.
review-called = The client was reached
review-not-reached = Not reached

review-minutes = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
review-hours = { $n ->
    [one] { $n } hour
   *[other] { $n } hours
}
review-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
