# Words that are only said, and the names of what belongs to speech. They are shown as captions while they are said.

## Bar of speech
speech = Read aloud
speech-bar = Speech
speech-repeat = Say it again
speech-stop = Silence
speech-quieter = Quieter
speech-louder = Louder
speech-private = Say personal data aloud
speech-no-sound = No sound device works: the words can only be read here

## How it is used
speech-invitation = To hear the screens, plug in headphones or press F6
speech-how-choose = Press Tab to hear what you can choose. Press Enter to choose it.
speech-how-type = Type with the keys. Backspace deletes. Press Enter to go on, or Tab for other choices.
speech-how-stay = Press any key to stay.
speech-keys = F6: the whole screen again. F7: the last words again. F8: silence. F9: quieter. F10: louder.
speech-volume = Volume { $step } of { $of }

## Of a control
speech-button = Button
speech-pressed = On
speech-not-pressed = Off

## In the place of what only the person may hear
speech-digit = A digit
speech-character = A character
speech-deleted = Deleted
speech-private-shown = Your own data is here. Plug in headphones to hear it.
