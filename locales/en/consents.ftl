# Texts of the consents: consent-<name>-title and consent-<name>-body. A blank line starts a paragraph, "• " a line of a list.
# When a text changes, its version in the catalogue of services changes too.

consent-processing-title = Consent to the processing of biometric data
consent-processing-body =
    To confirm your identity in accordance with the rules of identification, the kiosk collects and processes:

    • your IIN;
    • the image of your face, if you choose that way;
    • pictures of the movements you are asked for, the time and the result of the procedure.

    The data is sent encrypted to the bank and, for comparison, to the Identification Data Exchange Center. The result is kept in a document with an electronic signature.

    You have the right to be told about your data, to ask for its correction and to withdraw this consent. To do so, please contact the bank.
consent-automated-decision-title = Consent to an automated decision
consent-automated-decision-body =
    The kiosk checks automatically, with the help of artificial intelligence, that a living person is in front of the camera. The information system of the centre compares your image with the reference image.

    The bank takes this result into account when it decides about the service.

    You have the right to ask how the decision was made and to object to it. To do so, tell a member of the bank's staff the record number that appears at the end of the session.
consent-palm-title = Consent to the processing of your palm
consent-palm-body =
    To recognise you by your palm, the scanner of this kiosk measures:

    • the pattern of the veins in your palm;
    • the temperature and the volume of your hand, where the scanner can measure them: they show that the hand is a living one.

    From the pattern the scanner makes a template. It stays in the scanner of this kiosk, is sent nowhere, and serves only to confirm your identity at this kiosk. The measurements and the result are written into a document with an electronic signature, which is sent encrypted to the bank and, for confirmation, to the Identification Data Exchange Center.

    The template is kept until you withdraw this consent, unless the law obliges the bank to keep it longer.

    The consent is voluntary. You can withdraw it at the bank at any time: the template is then deleted from the scanner. Instead of the palm you can always use your face, or ask a member of the bank's staff.
consent-nbas-enrolment-title = Consent to add your picture to the national biometric authentication system
consent-nbas-enrolment-body =
    If your picture matches the reference of the centre well, it can be added to the national biometric authentication system (NBAS). Confirming your identity will then be easier next time.

    With this consent you allow the bank to:

    • give the system the image of your face that is taken today;
    • give it your IIN together with the image.

    The consent is voluntary: you get the service without it too. You can withdraw it at any time. To do so, contact the bank, or choose "My personal data" at this kiosk.
consent-images-title = Consent to pictures of your face and your document
consent-images-body =
    So that a member of the staff can confirm your identity, this kiosk takes:

    • a picture of your face;
    • a picture of your identity document: of both sides of a card, or of the page of a passport with the photograph.

    The pictures show all that is printed on the document. They are written into a document with an electronic signature, which is sent encrypted to the institution. A member of the staff compares your face with the photograph, and decides.

    The pictures are kept as long as the law obliges the institution to keep the document.

    The consent is voluntary. You can withdraw it at the institution at any time. Without it you can choose another way, or ask a member of the staff.
