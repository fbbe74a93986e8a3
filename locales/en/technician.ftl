# Screens for those who look after the kiosk: the entry of the code, the status for the branch, the technician's desk.

## Entry of the code
staff-title = Entry for the staff
staff-hint = Enter your code
staff-entered = { $count ->
    [one] { $count } digit entered
   *[other] { $count } digits entered
}
staff-wrong = The code is not right.
staff-locked = Too many wrong codes. The next one can be entered in { $seconds } s.
staff-leave = Leave

## How the kiosk does
status-title = How the kiosk is doing
status-serves = The kiosk is serving
status-closed = The kiosk is not serving. Code: { $code }
status-todo = What to do
status-all-well = Nothing needs to be done.
status-parts = Parts of the kiosk
status-testing = The test is running…
figures-title = Figures
figure-kiosk = Kiosk
figure-version = Version
figure-profile = Profile
figure-uptime = Running for
figure-pending = Waiting to be sent
figure-set-aside = Set aside
figure-call-backs = Waiting for a call, at all kiosks
figure-heard = Last contact with the organisation
figure-disk = Free disk space
figure-certificate = Certificate is valid for
figure-clock = Clock difference
figure-unknown = not known
figure-time = { $hours } h { $minutes } min
figure-ago = { $hours } h { $minutes } min ago
figure-gib = { $gib } GB
figure-days = { $days ->
    [one] { $days } day
   *[other] { $days } days
}
figure-seconds = { $seconds } s
figure-persons = { $count ->
    [one] { $count } person
   *[other] { $count } people
}

## Parts
part-store = Data store
part-keys = Keys
part-certificate = Certificate
part-gateway = Link to the organisation
part-camera = Camera
part-face-models = Face models
part-palm-scanner = Palm scanner
part-thermometer = Thermometer
part-printer = Printer
part-sound = Sound
part-disk = Disk
part-clock = Clock
part-integrity = Program files
part-display = Display
state-unknown = Not checked
state-works = Works
state-not-fitted = Not fitted
state-attention = Needs attention
state-fails = Does not work

## What is wrong, and what to do
why-not-found = Not found
why-not-found-advice = Check that it is plugged in. If it is, call the technician.
why-no-permission = Access denied
why-no-permission-advice = Call the technician: the program may not use the device.
why-busy = Used by another program
why-busy-advice = Call the technician: another program holds the device.
why-silent = Does not answer
why-silent-advice = Switch the device off and on again. If that does not help, call the technician.
why-unexpected = Answers wrongly
why-unexpected-advice = Switch the device off and on again. If that does not help, call the technician.
why-unplugged = Was unplugged
why-unplugged-advice = Plug the cable in again.
why-black = Picture is black
why-black-advice = Check that nothing covers the camera and that there is light.
why-frozen = Picture stands still
why-frozen-advice = Unplug the camera and plug it in again.
why-format = Wrong picture format
why-format-advice = Call the technician: the camera does not give the picture that was set up.
why-another-device = Another device is connected
why-another-device-advice = Connect the device that was set up, or let the technician choose this one.
why-virtual = Not a real camera
why-virtual-advice = Call the technician: a virtual camera is never used.
why-unfit = Does not meet the rules
why-unfit-advice = Call the technician: the scanner does not measure all that the rules ask for.
why-no-paper = Out of paper
why-no-paper-advice = Put in a new roll of paper.
why-offline = No link now
why-offline-advice = Check the network cable. Records are kept safe and will be sent later.
why-unsynced = No link for too long
why-unsynced-advice = Check the network and tell the institution's support.
why-refused = Refused by the organisation
why-refused-advice = Tell the institution's support: its server does not accept this kiosk.
why-not-enrolled = Not registered
why-not-enrolled-advice = Call the technician: the kiosk has to be registered.
why-expires = Expires or has expired
why-expires-advice = Make sure that there is a link: the kiosk renews it by itself. If it has expired, call the technician.
why-short = Little space left
why-short-advice = Call the technician: the disk has to be cleared.
why-pending = Too many records wait
why-pending-advice = Check the network. The technician can take the records on a medium.
why-set-aside = Something was set aside
why-set-aside-advice = Call the technician: records were set aside and have to be looked at.
why-wrong = Not right
why-wrong-advice = Call the technician.
why-incomplete = Not complete
why-incomplete-advice = Call the technician: a piece of it is missing.

## The technician's desk
desk-title = Technician's desk
desk-pages = Pages
desk-overview = Overview
desk-camera = Camera
desk-scanner = Palm scanner
desk-sound = Sound
desk-actions = Actions
desk-test-again = Test again
desk-cameras = Cameras
desk-scanners = Scanners
desk-nothing-found = Nothing was found.
desk-used = In use
desk-try = Try
desk-choose = Choose
desk-as-installed = As installed
desk-try-hand = Show the hand
desk-trial-nothing = Choose “Try” to see the picture. Nothing is recorded.
desk-trial-hand = Touch “Show the hand” and hold a palm before the scanner. Nothing is recorded.
desk-trial-opening = Opening…
desk-trial-failed = It cannot be used: { $why }
desk-picture = Picture of the camera
desk-print = Print a test page
desk-print-none = There is no printer.
desk-export = Write waiting records to the medium
desk-export-none = No medium is set up.
desk-close = Close for maintenance
desk-open = Open the kiosk again
desk-restart = Restart the kiosk
desk-said-printing = Printing…
desk-said-printed = The test page is printed.
desk-said-not-printed = The test page was not printed.
desk-said-exported = { $count ->
    [one] { $count } record is on the medium, sealed to the organisation. It also stays in the kiosk.
   *[other] { $count } records are on the medium, sealed to the organisation. They also stay in the kiosk.
}
desk-said-not-exported = Nothing was written. No record is lost.
desk-said-chosen = The device is chosen and in use.
desk-said-not-chosen = This device cannot be chosen here.
desk-said-as-installed = The device from the configuration is in use again.

## The sound at the desk
sound-device = Sound device
sound-headset = Headphones
sound-plugged = Plugged in
sound-unplugged = Not plugged in
sound-volume = Volume
sound-step = { $step } of { $of }
sound-pack = Phrases in the pack
sound-none = None
sound-unusable = Cannot be used
sound-engine = Speech synthesiser
sound-languages = Languages
sound-found = Recorded phrases: { $found } of { $wanted }
sound-older = The pack is of older texts. Build it again.
sound-speaks = Numbers and names are synthesised
sound-speaks-not = Numbers and names cannot be synthesised
sound-play = Play
sound-phrase = This is a test of the sound. Number: { $number }
sound-not-set-up = This kiosk is not set up to speak.
sound-trial-nothing = Touch “Play” to hear a phrase and a number. Nothing is recorded.
sound-trial-playing = Playing…
sound-trial-pack = Played from the pack.
sound-trial-engine = Played by the synthesiser alone: the phrase is not in the pack.
sound-trial-both = Played: the phrase from the pack, the number by the synthesiser.
sound-trial-missing = Part of it could not be said.
sound-trial-unheard = There is no sound device: nothing was heard.

## Reason codes of the out-of-service screen
out-of-service-devices = Neither the camera nor the palm scanner works
out-of-service-maintenance = The kiosk is closed for maintenance
