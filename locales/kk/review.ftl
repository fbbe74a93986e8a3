# Шлюздегі тексерушілердің беттері: суреттерді қарайтын ұйым қызметкерлері үшін.

review-title = Суреттерді тексеру
review-skip = Мазмұнға өту
review-language = Тіл
review-you-are = Тексеруші { $name }
review-logout = Шығу

review-login-title = Кіру
review-number = Нөміріңіз
review-secret = Құпиясөзіңіз
review-login = Кіру
review-login-wrong = Нөмір немесе құпиясөз дұрыс емес.
review-login-locked = Құпиясөз тым көп рет қате терілді. Он бес минут күте тұрыңыз немесе әкімшіге хабарласыңыз.
review-login-too-often = Бұл компьютерден кіру әрекеті тым көп болды. Бір минут күте тұрыңыз.

review-fault-title = Бұл мүмкін емес
review-fault-unknown = Мұндай жазба жоқ.
review-fault-held-by-other = Бұл жазбамен басқа тексеруші жұмыс істеп жатыр.
review-fault-not-held = Жазба сізде емес немесе оған берілген уақыт бітті. Қайта алыңыз.
review-fault-ended = Шешім бұрын қабылданған.
review-fault-own-session = Бұл сеанста оператор сіз болдыңыз. Шешімді басқа тексеруші қабылдауы тиіс.
review-fault-no-picture = Мұндай сурет жоқ.
review-fault-nothing-to-compare = Екі сурет те болмаса, қабылдауға болмайды.
review-fault-unavailable = Қазір бұл жұмыс істемей тұр. Ештеңе өзгертілген жоқ. Қайталап көріңіз.
review-fault-form = Бұл форма ескірген. Ештеңе өзгертілген жоқ. Бетті қайта ашыңыз.
review-to-queue = Кезекке оралу

review-queue-title = Кезек
review-kind = Не істеу керек
review-kind-all = Барлығы
review-kind-images = Суреттерді салыстыру
review-kind-call-back = Қайта қоңырау шалу
review-service = Қызмет
review-kiosk = Киоск
review-waits = Күту уақыты
review-state = Күйі
review-action = Әрекет
review-state-waiting = бос
review-state-yours = сізде
review-state-taken = { $name } тексерушісінде
review-calls-in-vain = { $n } рет жауап бермеді
review-open = Жалғастыру
review-take = Алу
review-empty = Кезекте жазба жоқ.
review-more = Келесі бет

review-done-accepted = Қабылданды. Жауап киоскіге жіберіліп жатыр.
review-done-refused = Бас тартылды. Жауап киоскіге жіберіліп жатыр.
review-done-called = Белгіленді: клиентпен сөйлестіңіз.
review-done-not-reached = Белгіленді: клиент жауап бермеді. Жазба қайтадан бос.
review-done-released = Жазба қайтадан бос.

review-images-title = Суреттерді салыстыру
review-call-back-title = Клиентке қоңырау шалу
review-yours-until = Жазба сізге мына уақытқа дейін берілді: { $time }.
review-idle = { $time } бойы әрекет жасалмаса, сеанс аяқталады.
review-release = Шешімсіз қайтару
review-pictures = Суреттер
review-picture-portrait = Клиенттің беті
review-picture-front = Құжаттың алдыңғы жағы
review-picture-back = Құжаттың артқы жағы

review-facts = Мәліметтер
review-iin = ЖСН
review-born = Туған күні
review-years = { $n } жаста
review-document-kind = Құжат түрі
review-document-number = Құжат нөмірі
review-document-name = Құжаттағы аты-жөні
review-document-expires = Жарамдылық мерзімі
review-captured = Түсірілген уақыты
review-came = Келіп түскен уақыты
review-spoke = Сеанс тілі
review-why = Осы тәсілдің себебі
review-why-chosen = клиент таңдады
review-why-cannot-perform = клиент құрылғылар сұраған әрекетті орындай алмайды
review-operator = Қатысқан оператор
review-suspicions = Киоск байқағаны
review-document-id = Жазба
review-look-alike = басқа әліпби әріптері

review-decision = Шешім
review-decision-final = Шешім түпкілікті, оны клиентке киоск хабарлайды.
review-compared = Бетті құжатпен, құжатты ЖСН-мен салыстырдым.
review-accept = Қабылдау
review-reason = Неліктен бас тартасыз?
review-refuse = Бас тарту
review-wrong-compared = Суреттерді салыстырғаныңызды растаңыз.
review-wrong-reason = Себебін таңдаңыз.

review-call = Қоңырау
review-no-number = Құжатта қоңырау шалатын нөмір жоқ.
review-called = Клиентпен сөйлестім
review-not-reached = Жауап бермеді

review-minutes = { $n } минут
review-hours = { $n } сағат
review-days = { $n } күн
