# Қызметтер тізбесі: service-<атау> және service-<атау>-hint.

service-account-opening = Шот ашу
service-account-opening-hint = Банк шотын ашу үшін жеке басыңызды растаңыз
service-online-loan = Онлайн несие
service-online-loan-hint = Несиеге өтініш беру үшін жеке басыңызды растаңыз
service-sim-registration = SIM-картаны тіркеу
service-sim-registration-hint = Абоненттік нөмірді өз атыңызға тіркеңіз
service-data-update = Деректерді жаңарту
service-data-update-hint = Банктегі жеке деректеріңізді жаңартыңыз
service-palm-enrolment = Алақанды тіркеу
service-palm-enrolment-hint = Келесі жолы жеке басыңызды алақанмен растау үшін
