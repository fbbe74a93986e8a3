### Pictures for an examiner, calling back, and the way to people.

## The way to people
cannot-perform = I cannot do this
assisted-title = How would you like to go on?
assisted-words = This has not used up an attempt. People of the institution can confirm your identity in another way.
assisted-words-spent = This attempt counts: it had begun, and attempts are not given back any more in this session. People of the institution can confirm your identity in another way.
assisted-words-used-up = There are no attempts left with the devices of the kiosk. People of the institution can confirm your identity in another way.
attempt-failed-used-up = There are no attempts left here. You can go on with people of the institution, or end the session.
continue-with-people = Go on with the staff

## Calling back
call-back-title = We call you back
call-back-words = A video call cannot be made at this kiosk yet. Leave your mobile number: a member of the staff calls you and agrees on a time. Your request is recorded; your identity is not confirmed by it.
call-back-hint = Your mobile number
call-back-words-given = A video call cannot be made at this kiosk yet. A member of the staff calls the number you have already given and agrees on a time. Your request is recorded; your identity is not confirmed by it.
call-back-other = Another number
call-back-send = Ask for a call
call-back-wrong = Please check the number: ten digits after +7
call-back-wrong-country = This is not a number of Kazakhstan
call-back-wrong-not-mobile = This is not a mobile number

## Pictures
images-title = Pictures of your face and your document
images-step-face = First a picture of your face is taken.
images-step-document = Then hold your identity document in front of the camera.
images-step-examiner = A member of the staff looks at the pictures and decides. The answer may come later.
images-which = Which document do you have with you?
images-card = Identity card
images-card-hint = Both sides are needed
images-passport = Passport
images-passport-hint = The page with the photograph
images-title-face = Picture of your face
images-title-front = Card: the side with the photograph
images-title-back = Card: the other side
images-title-passport = Passport: the page with the photograph
images-number = Picture { $number } of { $of }
images-preview = Picture of the camera
images-help = The picture is taken by itself as soon as it is good. You can also take it yourself.
images-take = Take the picture
images-good = Is everything clearly visible?
images-good-words = The face or all the letters must be sharp, without reflections.
images-use = Use this picture
images-again = Take it again
images-kept = The pictures that were taken
images-review = Check the pictures
images-review-words = If all is well, send them. Until then nothing is recorded.
images-send = Send
images-again-face = Face again
images-again-front = Front again
images-again-back = Back again
images-failed = The picture did not work out
images-failed-words = Try it with more light and a steady hand. You can rest your hand on the kiosk.
images-failed-words-face = Try it with more light, look straight ahead and keep your head still.
images-left =
    { $left ->
        [one] You can try { $left } more time.
       *[other] You can try { $left } more times.
    }

## What to do with the document
page-show = Hold the document in front of the camera
page-other-kind = This looks like another document, or it is tilted
page-whole = Show the whole document
page-closer = Bring the document closer
page-brighter = More light, please
page-darker = Too bright: turn away from the light
page-glare = Tilt the document: it reflects the light
page-still = Hold the document still
page-sharper = Blurred: move it slowly, then hold it
page-hold = Good. Keep it like this
consent-refusal-images = You go back to the choice, and no picture is taken. You can choose another way, or ask a member of the staff.

## Pictures that were refused
outcome-refused = Reason
outcome-refused-body = For help, or if you disagree, tell the staff the record number.
refused-face-not-of-document = The picture of your face and your document did not let us be sure that both show the same person.
refused-face-not-of-document-advice = Start again and have new pictures taken: in good light, looking straight at the camera.
refused-document-not-of-claim = The document in the pictures does not belong to the IIN that you entered.
refused-document-not-of-claim-advice = Check your IIN and start again with your own document.
refused-document-unreadable = The document in the pictures cannot be read.
refused-document-unreadable-advice = Start again: hold the document closer and still, without reflections.
refused-document-expired = The document in the pictures has expired.
refused-document-expired-advice = If you have a valid document, start again with it.
refused-document-altered = The pictures did not let us be sure that the document is an unchanged original.
refused-document-altered-advice = Please show the document itself to a member of the staff.
refused-picture-unusable = Your face is not clear enough in the picture.
refused-picture-unusable-advice = Start again where it is brighter, and look straight at the camera.
