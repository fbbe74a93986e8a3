# Texts of the kiosk's screens. Polite and short.

brand = Alaqan
language-name = English

## Top strip
toolbar = Kiosk settings
language-choice = Language
calm = Calm colours
contrast = High contrast
cancel = End session
back = Back
continue = Continue
step = Step { $number } of { $of }

## Keys
keypad = Digits
key-delete = Delete
keyboard = Keyboard
key-space = Space
key-shift = Capital letter
layout-kk = Қаз
layout-ru = Рус
layout-en = Lat

## Day, money, pages
amount = KZT { $amount }
date = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }
page = Page { $number } of { $of }
page-previous = Previous page
page-next = Next page

## Notices and status strip
notice-replay = A recording is played instead of the camera: { $name }
notice-demo = Demonstration mode
link-online = Online
link-offline = Offline
attention = For the staff: { $codes }
pending = { $count ->
    [0] All documents are sent
    [one] { $count } document waits to be sent
   *[other] { $count } documents wait to be sent
}

## Long inactivity
idle-title = Are you still here?
idle-body = { $seconds ->
    [one] In { $seconds } second the session will close and your data will leave the screen.
   *[other] In { $seconds } seconds the session will close and your data will leave the screen.
}
stay-alive = I am here

## Greeting
welcome-greeting = Welcome!
welcome-intro = Confirm your identity with your face or your palm
welcome-iin = You will need your IIN
welcome-begin = Start

## Service
service-title = Which service do you need?
own-data-title = My personal data
own-data-hint = Learn about your data, correct it, or withdraw a consent
own-data-back = To the services

## Consent
consent-number = Consent { $number } of { $of }
consent-version = Version of the text: { $version }
consent-agree = I agree
consent-refuse = I refuse
consent-refuse-continue = No, continue without
consent-refuse-refer = No, I want a person to decide
consent-refusal-title = What happens if I refuse?
consent-refusal-body = The session ends and this kiosk does not confirm your identity. Ask a member of the staff about other ways.
consent-refusal-continues = The session goes on, but what this consent is about is not done.
consent-refusal-refers = Not the kiosk but a member of the staff decides. The kiosk records your request and gives it to them.
consent-refusal-palm = You go back to the choice, and your palm is not scanned. You can use your face, or ask a member of the staff.

## Question of the service
field-number = Question { $number } of { $of }
field-skip = Skip
field-entered = Characters: { $count } of { $of }
field-error-missing = An answer is needed. Please fill it in.
field-error-shape = This is not written correctly. Please check it.
field-error-too-small = Too little. The smallest value is { $min }.
field-error-too-large = Too much. The largest value is { $max }.
field-error-too-long = { $max ->
    [one] Too long. At most { $max } character.
   *[other] Too long. At most { $max } characters.
}
field-error-country = This is a number of another country. Please enter one of Kazakhstan.
field-error-not-mobile = This is not a mobile number. Please enter the number of a mobile phone.
field-error-check-digit = One of the digits is wrong. Please compare the number with the document.
field-error-letters = No name has such characters. Please use letters, hyphens and apostrophes.

## IIN
claim-title = Enter your IIN
claim-hint = Individual identification number: the 12 digits on your identity card
claim-entered = { $count ->
    [one] { $count } digit of { $of } entered
   *[other] { $count } digits of { $of } entered
}
claim-error-shape = An IIN has exactly 12 digits. Please check the number.
claim-error-birth-date = The first 6 digits are a date of birth, but there is no such date. Please check them.
claim-error-century = The 7th digit is not valid. Please check it.
claim-error-check-digit = One of the digits is wrong. Please compare the number with your identity card.
claim-error-implausible = The date of birth in the number does not seem right. Please compare the number with your identity card.
claim-by-zone = Read the identity card
claim-by-iin = Enter the IIN
zone-title = The three lines on the back of your identity card
zone-hint = Hold the card to the scanner, or type the three lines at the bottom of its back. Empty places in them are filled with <.
zone-entered = Line { $line } of { $lines }. Characters: { $count } of { $of }
zone-delete-line = Delete line
claim-error-zone-shape = These do not look like the lines of an identity card. Each of the three lines has 30 characters.
claim-error-zone-check-digit = One of the characters was misread. Please compare the lines with the card, or scan it again.
claim-error-expired = The identity card is no longer valid. Enter your IIN, or ask a member of the staff.
claim-error-no-iin = There is no IIN in this document. Please enter your IIN.

## Member of the staff
operator-title = Please call a member of the staff
operator-hint = To go on, a member of the staff must be present and enter their code
operator-entered = { $count ->
    [one] { $count } digit entered
   *[other] { $count } digits entered
}
operator-wrong = The code is not right. Please ask the member of the staff to enter it again.
operator-paused = { $minutes ->
    [one] Too many wrong codes. This one can be entered again in { $minutes } minute. Another member of the staff can enter theirs now.
   *[other] Too many wrong codes. This one can be entered again in { $minutes } minutes. Another member of the staff can enter theirs now.
}

## Method
method-title = Choose how to confirm your identity
method-face = Face
method-face-hint = You look into the camera and make a few movements
calm-hint = For people sensitive to flashes: during the capture the screen changes its colours slowly and faintly
method-palm = Palm
method-palm-hint = You bring your palm to the scanner
method-phone = Phone
method-phone-hint = You confirm your identity on your own phone, on the centre's page
method-video = Video call
method-video-hint = A specialist helps you by video
method-images = Pictures
method-images-hint = A member of the staff checks pictures of your face and your document
availability-ready = Available
availability-device-unavailable = The device is not working now
availability-not-for-this-service = Not for this service
availability-not-enrolled = Your palm is not registered at this kiosk yet
availability-offline = There is no connection now

## On one's own phone
phone-title = Continue on your phone
phone-opening = Opening the centre's page
phone-qr = QR code of the centre's page
phone-step-1 = Point the camera of your phone at the QR code.
phone-step-2 = Open the link and follow the instructions on the centre's page.
phone-step-3 = When you have finished, look at this screen.
phone-waits = The kiosk goes on by itself when the result arrives

## Capture of any kind
capture-attempt = Attempt { $attempt } of { $attempts }

## Face capture
face-title = Face capture
face-preview = Your picture from the camera
face-actions = Movements done: { $done } of { $of }
face-return = Then look straight into the camera again
face-help = If you cannot make the movement, call a member of the staff
face-light = The screen changes its colour for a moment, look straight
prompt-show-face = Bring your face into the oval
prompt-closer = Come closer
prompt-step-back = Step back a little
prompt-step-left = Move a little to your left
prompt-step-right = Move a little to your right
prompt-more-light = Stand where it is brighter
prompt-more-light-beside = Too little light falls on your face
prompt-less-light = Move out of the strong light
prompt-less-light-beside = There is too much light on your face, or it comes from one side
prompt-remove-mask = Take off your mask
prompt-remove-mask-beside = Your mouth and nose must be seen
prompt-uncover-eyes = Let the camera see your eyes
prompt-uncover-eyes-beside = Take off dark glasses or move your hair out of your eyes
prompt-one-person-only = Only one person in front of the camera, please
prompt-one-person-only-beside = Please ask the others to step aside
prompt-look-straight = Look straight into the camera
prompt-hold-still = Hold still
prompt-turn-left = Turn your head to the left
prompt-turn-right = Turn your head to the right
prompt-look-up = Lift your chin
prompt-look-down = Lower your chin
prompt-blink = Close and open your eyes
prompt-open-mouth = Open and close your mouth
prompt-smile = Smile

## Palm capture
palm-title = Palm scan
palm-title-enrol = Registration of your palm
palm-help = If you cannot hold your hand like this, call a member of the staff
palm-help-enrol = Remember which hand you show: it is the one the kiosk will know
hand-show-hand = Hold your open palm before the scanner
hand-show-hand-beside = A hand's length away, fingers apart; do not touch the scanner
hand-closer = Bring your hand closer
hand-closer-beside = Towards the scanner, without touching it
hand-farther = Take your hand back a little
hand-farther-beside = Away from the scanner
hand-higher = Move your hand up
hand-higher-beside = Away from yourself, at the same distance from the scanner
hand-lower = Move your hand down
hand-lower-beside = Towards yourself, at the same distance from the scanner
hand-left = Move your hand to the left
hand-right = Move your hand to the right
hand-sideways-beside = At the same distance from the scanner
hand-hold-still = Hold your hand still
hand-hold-still-beside = The scanner is measuring
hand-palm-only = Show your open palm
hand-palm-only-beside = Something else is in front of the scanner

## Trouble with any device
trouble-choice = You can wait, or end the session and ask a member of the staff

## Camera trouble
camera-trouble-missing = The camera is not connected
camera-trouble-missing-body = The kiosk cannot find its camera. This was not your fault.
camera-trouble-busy = The camera is busy
camera-trouble-busy-body = Another program is using it. This was not your fault.
camera-trouble-silent = The camera does not answer
camera-trouble-silent-body = The kiosk is waiting for its picture. This was not your fault.
camera-trouble-black = The camera's picture is black
camera-trouble-black-body = Perhaps something covers the camera. Please uncover it.
camera-trouble-frozen = The camera's picture stands still
camera-trouble-frozen-body = The kiosk is waiting for a new picture. This was not your fault.
camera-trouble-goes-on = The kiosk goes on by itself as soon as the camera works

## Trouble with the palm scanner
scanner-trouble-missing = The palm scanner is not connected
scanner-trouble-missing-body = The kiosk cannot find its palm scanner. This was not your fault.
scanner-trouble-busy = The palm scanner is busy
scanner-trouble-busy-body = Another program is using it. This was not your fault.
scanner-trouble-silent = The palm scanner does not answer
scanner-trouble-silent-body = The kiosk is waiting for it. This was not your fault.
scanner-trouble-goes-on = The kiosk goes on by itself as soon as the scanner works

## Failed attempt
attempt-failed-title = It did not work this time
attempt-failed-advice = What to do
reason-not-performed = The movement was not seen in time
reason-not-performed-advice = When the prompt appears, make the movement slowly and clearly.
reason-wrong-action = A different movement was seen
reason-wrong-action-advice = Make only the movement that is shown on the screen.
reason-face-lost = Your face left the picture
reason-face-lost-advice = Keep your face inside the oval until the end.
reason-several-faces = There were several people in front of the camera
reason-several-faces-advice = Please ask the others to step aside.
reason-jump = The picture changed suddenly or was interrupted
reason-jump-advice = Stay where you are and move slowly.
reason-another-person = It was not the person who began
reason-another-person-advice = The same person must stay in front of the camera from beginning to end.
reason-frozen = The camera's picture stood still
reason-frozen-advice = This was not your fault. Please try again.
reason-not-bona-fide = We could not confirm that a living person is in front of the camera
reason-not-bona-fide-advice = Take off a mask or dark glasses and look straight into the camera.
reason-palm-not-recognised = Your palm was not recognised
reason-palm-not-recognised-advice = Use the hand that you registered, and hold your open palm still.
reason-palm-not-bona-fide = We could not confirm that it is a living hand
reason-palm-not-bona-fide-advice = Hold your bare, open palm still before the scanner.
reason-not-a-palm = Something other than a palm was seen
reason-not-a-palm-advice = Hold only your open palm before the scanner, without a glove.
reason-no-palm-shown = No palm was seen in time
reason-no-palm-shown-advice = Bring your palm to the scanner when the prompt appears.
reason-hand-too-cold = Your hand is too cold for the scanner
reason-hand-too-cold-advice = Warm your hands, for example by rubbing them, and try again.
reason-hand-too-warm = Your hand is too warm for the scanner
reason-hand-too-warm-advice = Wait a little until your hand has cooled down, and try again.
reason-palm-not-measured = The scanner could not measure all that it needs
reason-palm-not-measured-advice = Hold your open palm still until the end. Take off gloves and rings.
reason-palm-not-enrolled = Your palm could not be registered
reason-palm-not-enrolled-advice = Hold your open palm still. The hand should be dry and uncovered.
reason-palm-already-enrolled = This palm is registered at this kiosk already
reason-palm-already-enrolled-advice = You can show the other hand, or end the session.
reason-face-used-up-title = No attempts with the face are left
reason-face-used-up = Your face was not checked now: the attempts were used up earlier
reason-palm-used-up-title = No attempts with the palm are left
reason-palm-used-up = Your palm was not checked now: the attempts were used up earlier
reason-palm-used-up-advice = You can go on with your face, or end the session.
attempt-failed-palm-used-up = Your attempts with the palm are used up. You can go on with your face.
attempt-failed-left = { $left ->
    [one] { $left } attempt left
   *[other] { $left } attempts left
}
retry = Try again
continue-with-face = Continue with your face

## Progress
progress-camera = Starting the camera
progress-scanner = Starting the palm scanner
progress-recording = Signing and saving the document
progress-identifying = Waiting for the centre's answer
progress-examining = Waiting for the answer of a member of the staff
progress-wait = Please wait

## Outcome
outcome-verified = Your identity is confirmed
outcome-verified-body = The result was given to the organisation. Thank you!
outcome-not-verified = Your identity is not confirmed
outcome-not-verified-body = Please ask a member of the staff. If you disagree with the result, tell them the record number.
outcome-attack-suspected = We could not confirm a living person
outcome-attack-suspected-body = Please ask a member of the staff. If you disagree with the result, tell them the record number.
outcome-failure-to-acquire = No usable picture could be taken
outcome-failure-to-acquire-body = Your identity was not checked. Start again or ask a member of the staff.
outcome-withdrawn = You ended the session
outcome-withdrawn-body = Your identity is not confirmed. You can start again at any time.
outcome-timed-out = The session has run out of time
outcome-timed-out-body = The session was closed to protect your data. You can start again.
outcome-device-unavailable = A device is not working
outcome-device-unavailable-body = This was not your fault. Please ask a member of the staff.
outcome-awaiting-identification = Recorded, but not yet confirmed
outcome-awaiting-identification-body = Your data is saved. The centre's answer will come later: ask a member of the staff for it with the record number.
outcome-awaiting-examiner = Your pictures are recorded, but not yet checked
outcome-awaiting-examiner-body = A member of the staff will look at the pictures and decide. The answer will come later: ask a member of the staff for it with the record number.
outcome-not-required = Your request is accepted
outcome-not-required-body = Your identity need not be confirmed for this.
outcome-referred = A member of the staff goes on
outcome-referred-body = Your identity was not confirmed automatically. Please go to a member of the staff and tell them the record number.
outcome-call-back-requested = We will call you back
outcome-call-back-requested-body = Your request is recorded. A member of the staff will call the number you gave and agree on a time for the video call. Your identity is not confirmed yet.
outcome-person-not-found = The centre found no such person
outcome-person-not-found-body = Please check your IIN and start again. If the number is right, ask a member of the staff.
outcome-no-reference = The centre has no picture of you to compare with
outcome-no-reference-body = This was not your fault. Please ask a member of the staff, who will confirm your identity in another way.
outcome-document-type-not-accepted = The centre does not accept this kind of document
outcome-document-type-not-accepted-body = If you have another document, start again with it, or ask a member of the staff.
outcome-quality-insufficient = The picture was not good enough to be compared
outcome-quality-insufficient-body = Start again and stand closer to the camera where it is brighter, or ask a member of the staff.
outcome-not-completed = You did not finish on your phone
outcome-not-completed-body = The page was closed, or its time ran out. You can start again and choose another way.
outcome-palm-awaits-confirmation = Your palm is recorded, but not yet confirmed
outcome-palm-awaits-confirmation-body = You can use your palm at this kiosk once the centre has confirmed your identity. Ask a member of the staff for its answer with the record number.
outcome-palm-registered = Your palm is registered
outcome-palm-registered-body = The centre has confirmed your identity. From now on you can use your palm at this kiosk.
outcome-record = Record number
outcome-record-qr = QR code of the record number
outcome-request = Request number
outcome-request-due = To be answered by { $date }
outcome-request-state = Your request
request-state-received = Your request has arrived. Work on it has not begun yet.
request-state-in-progress = Your request is being worked on.
request-state-ready = The answer is ready. Please get it from a member of the staff.
request-state-answered = Your request has been answered.
request-state-refused = Your request has been refused. Ask a member of the staff for the reason.
request-state-unknown = You have no request with this number. Please check the number, or ask a member of the staff.
slip-print = Print
slip-again = Print again
slip-printing = Printing
slip-printed = Please take your printout
slip-failed = Printing did not work. Try again, or write the number down.
slip-no-paper = The printer has no paper. Tell a member of the staff, or write the number down.
finish = Done

## Outside the opening hours
closed-title = The kiosk is closed now
closed-body = Requests and documents are accepted during opening hours.
closed-opens = It opens on { $date } at { $time }

## Out of service
out-of-service-title = The kiosk is out of service for now
out-of-service-body = We are sorry. Please ask a member of the staff.
out-of-service-store = The protected data store cannot be opened
out-of-service-internal = The program is restarting after a fault
out-of-service-not-enrolled = This kiosk is not registered yet
out-of-service-refused = The organisation's server does not accept this kiosk
out-of-service-certificate = The kiosk's certificate has expired
out-of-service-pending = Too many records are waiting to be sent
out-of-service-unsynced = The organisation's server has not been reached for too long
out-of-service-disk = The disk is full
out-of-service-clock = The clock is wrong
out-of-service-integrity = The program's files did not pass the check
out-of-service-set-aside = Records were set aside and want a technician
out-of-service-code = Code for the technician: { $code }

## Attract screen
attract-invitation = Touch the screen to begin
